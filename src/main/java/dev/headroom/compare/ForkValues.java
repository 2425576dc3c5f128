package dev.headroom.compare;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import java.io.IOException;
import java.util.Arrays;

/**
 * The numbers of a {@link dev.headroom.result.CellResult.ForkSummary}, read from JSON into arrays. 1,000 runs have ten
 * million of them. As objects in sorted maps they would take most of the time.
 */
@JsonDeserialize(using = ForkValues.Reader.class)
final class ForkValues {
    int number;
    double score = Double.NaN;
    final NamedValues percentiles = new NamedValues();
    final NamedValues metrics = new NamedValues();

    /** Numbers with names, in the order of the file. */
    static final class NamedValues {
        private static final int INITIAL_CAPACITY = 24;

        private String[] names = new String[INITIAL_CAPACITY];
        private double[] values = new double[INITIAL_CAPACITY];
        private int size;

        int size() {
            return size;
        }

        String name(int index) {
            return names[index];
        }

        /** NaN if the file has no number there. */
        double value(int index) {
            return values[index];
        }

        private void add(String name, double value) {
            if (size == values.length) {
                names = Arrays.copyOf(names, 2 * size);
                values = Arrays.copyOf(values, 2 * size);
            }
            names[size] = name;
            values[size++] = value;
        }
    }

    /** Reads one fork and skips unknown fields. */
    static final class Reader extends JsonDeserializer<ForkValues> {
        @Override
        public ForkValues deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            if (!parser.isExpectedStartObjectToken()) {
                context.reportInputMismatch(ForkValues.class, "a fork is an object");
            }
            ForkValues fork = new ForkValues();
            boolean numbered = false;
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                JsonToken token = parser.nextToken();
                switch (name) {
                    case "fork" -> {
                        fork.number = parser.getIntValue();
                        numbered = true;
                    }
                    case "score" -> fork.score = number(parser, token);
                    case "percentiles" -> read(parser, token, fork.percentiles);
                    case "metrics" -> read(parser, token, fork.metrics);
                    default -> parser.skipChildren();
                }
            }
            if (!numbered) {
                context.reportInputMismatch(ForkValues.class, "a fork has no number");
            }
            return fork;
        }

        private static void read(JsonParser parser, JsonToken token, NamedValues into) throws IOException {
            if (token != JsonToken.START_OBJECT) {
                parser.skipChildren();
                return;
            }
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                into.add(name, number(parser, parser.nextToken()));
            }
        }

        private static double number(JsonParser parser, JsonToken token) throws IOException {
            if (token.isNumeric()) {
                return parser.getDoubleValue();
            }
            parser.skipChildren();
            return Double.NaN;
        }
    }
}
