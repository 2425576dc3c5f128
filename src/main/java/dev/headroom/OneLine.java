package dev.headroom;

import java.util.regex.Pattern;

/** Text from files, drivers and users, fit for one line on a terminal. */
public final class OneLine {
    /** Control characters of ASCII and beyond it, line separators, and what turns the direction of text around. */
    private static final Pattern UNFIT = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]");

    private OneLine() {}

    /** The text with each character that a terminal may act on, rather than show, replaced. */
    public static String of(String text, String replacement) {
        return UNFIT.matcher(text).replaceAll(replacement);
    }
}
