package dev.headroom;

import java.util.regex.Pattern;

/** Makes text from files, drivers and users safe to print on one line of a terminal. */
public final class OneLine {
    /** Control characters, line separators, surrogates, and characters that change the direction of text. */
    private static final Pattern UNSAFE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]");

    private OneLine() {}

    /** The text, with each character replaced that a terminal may interpret instead of showing. */
    public static String of(String text, String replacement) {
        return UNSAFE.matcher(text).replaceAll(replacement);
    }
}
