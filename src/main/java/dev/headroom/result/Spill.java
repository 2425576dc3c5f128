package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;

/**
 * Whether a cell's model left the memory that it should be in: the card's for system RAM, or RAM for a disk.
 *
 * @param evidence one sentence for each signal, without a full stop
 */
public record Spill(Verdict verdict, List<String> evidence) {
    /** From harmless to certain. No single signal makes a cell {@link #SPILLED}. */
    public enum Verdict {
        /** The memory fits. */
        NONE,
        /** The card is nearly full, and no meter there could see a spill. */
        UNKNOWN,
        /** One signal shows it, or signals contradict each other. */
        SUSPECTED,
        /** At least two signals show it. */
        SPILLED;

        @JsonValue
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }

        @JsonCreator
        static Verdict of(String text) {
            return valueOf(text.toUpperCase(Locale.ROOT));
        }
    }
}
