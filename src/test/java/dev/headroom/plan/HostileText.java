package dev.headroom.plan;

import java.util.List;
import java.util.Random;

/** Valid text with a few random mistakes. */
public final class HostileText {
    private static final List<String> PIECES = List.of(
            "",
            " ",
            ",",
            ",,",
            "\"",
            "=",
            "\\",
            "\\u12",
            "\n",
            "\r",
            "\0",
            "\u001b[31m",
            "\u2028\u202e",
            "\ud800",
            "🦙",
            "-1",
            "0",
            "999999999",
            "9223372036854775808",
            "1e999",
            "NaN",
            "null",
            "{}",
            "[",
            "[".repeat(3000),
            "(".repeat(5000),
            "x".repeat(100_000),
            "9".repeat(5000),
            "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24",
            "%s%n",
            "@/dev/zero",
            "--",
            "${x}",
            "../../x.gguf",
            "synthetic-");

    private HostileText() {}

    /** The text with one to three pieces inserted, replaced, deleted or repeated. */
    public static String of(String valid, Random random) {
        StringBuilder text = new StringBuilder(valid);
        for (int n = random.nextInt(3); n >= 0; n--) {
            int from = random.nextInt(text.length() + 1);
            int to = Math.min(text.length(), from + random.nextInt(12));
            switch (random.nextInt(5)) {
                case 0 -> text.insert(from, piece(random));
                case 1 -> text.replace(from, to, piece(random));
                case 2 -> text.delete(from, to);
                case 3 -> text.insert(from, text.substring(from, to));
                default -> text.insert(from, (char) random.nextInt(0x10000));
            }
        }
        return text.toString();
    }

    /** A piece that is wrong in most places. */
    public static String piece(Random random) {
        return PIECES.get(random.nextInt(PIECES.size()));
    }
}
