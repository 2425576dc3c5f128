package dev.headroom.run;

import java.util.Locale;

/** What a reader of the results should know, with cause and remedy. */
sealed interface Warning {
    /** One or two sentences. */
    String text();

    /** A context longer than the model was trained for. */
    record BeyondTraining(String model, long trained, long longest) implements Warning {
        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "%s was trained for %d tokens of context and is measured at %d: speed and memory are right, text "
                            + "would not be.",
                    model,
                    trained,
                    longest);
        }
    }

    /** A signal that this machine does not give. */
    record NotMeasured(String what, String reason) implements Warning {
        @Override
        public String text() {
            return what + " is not measured here: " + reason;
        }
    }
}
