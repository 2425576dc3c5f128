package dev.headroom.run;

import java.util.List;
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

    /** Meters that stopped answering in the middle of a fork. */
    record Lost(String cell, int fork, List<String> metrics) implements Warning {
        @Override
        public String text() {
            return "In fork " + fork + " of " + cell + " a meter stopped answering, and " + String.join(", ", metrics)
                    + " was no longer measured: see whether the driver was restarted, and run this cell again; its"
                    + " timing stands.";
        }
    }

    /** A meter that does not show what is there. */
    record Misleading(String meter, String metric, String place, double mib) implements Warning {
        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "%s is not to be trusted here: its meter %s was off by up to %.0f MiB for memory of known size on %s"
                            + " (see proof in run.json).",
                    metric,
                    meter,
                    mib,
                    place);
        }
    }

    /** The meters could not be held against known memory. */
    record NotProved(String reason) implements Warning {
        @Override
        public String text() {
            return "The meters were not held against memory of known size: " + reason;
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
