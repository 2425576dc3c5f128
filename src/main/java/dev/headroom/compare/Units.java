package dev.headroom.compare;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The units of a cell's metrics, read straight from JSON: their values are in the forks. */
@JsonDeserialize(using = Units.Reader.class)
final class Units {
    private final Map<String, String> byLabel = new HashMap<>();

    /** Null for a metric that the cell does not have. */
    @Nullable
    String of(String label) {
        return byLabel.get(label);
    }

    /** Reads them; a metric without a unit is none. */
    static final class Reader extends JsonDeserializer<Units> {
        @Override
        public Units deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            if (!parser.isExpectedStartObjectToken()) {
                context.reportInputMismatch(Units.class, "metrics are an object");
            }
            Units units = new Units();
            for (String label = parser.nextFieldName(); label != null; label = parser.nextFieldName()) {
                if (parser.nextToken() != JsonToken.START_OBJECT) {
                    context.reportInputMismatch(Units.class, "a metric is an object");
                }
                for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                    JsonToken token = parser.nextToken();
                    if (name.equals("unit") && token == JsonToken.VALUE_STRING) {
                        units.byLabel.put(label, parser.getText());
                    } else {
                        parser.skipChildren();
                    }
                }
            }
            return units;
        }
    }
}
