package dev.headroom.compare;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import java.io.IOException;
import java.util.Arrays;

/**
 * A {@link dev.headroom.result.CellResult.ForkSummary}, read straight from JSON: of a thousand runs these are ten
 * million numbers, which as objects in sorted maps take longer than all else.
 */
@JsonDeserialize(using = ForkFigures.Reader.class)
final class ForkFigures {
    private int number;
    private double score = Double.NaN;
    private final Figures percentiles = new Figures();
    private final Figures metrics = new Figures();

    int number() {
        return number;
    }

    double score() {
        return score;
    }

    Figures percentiles() {
        return percentiles;
    }

    Figures metrics() {
        return metrics;
    }

    /** Names with numbers, in the order of the file. */
    static final class Figures {
        private static final int FEW = 24;

        private String[] names = new String[FEW];
        private double[] values = new double[FEW];
        private int size;

        int size() {
            return size;
        }

        String name(int at) {
            return names[at];
        }

        /** Not a number where the file has none that is one. */
        double value(int at) {
            return values[at];
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

    /** Reads one; what it does not know it skips. */
    static final class Reader extends JsonDeserializer<ForkFigures> {
        @Override
        public ForkFigures deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            if (!parser.isExpectedStartObjectToken()) {
                context.reportInputMismatch(ForkFigures.class, "a fork is an object");
            }
            ForkFigures fork = new ForkFigures();
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
                context.reportInputMismatch(ForkFigures.class, "a fork has no number");
            }
            return fork;
        }

        private static void read(JsonParser parser, JsonToken token, Figures into) throws IOException {
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
