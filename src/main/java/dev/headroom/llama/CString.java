package dev.headroom.llama;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Converts C strings: UTF-8 with a terminating NUL. */
final class CString {
    private CString() {}

    static byte[] of(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(utf8, utf8.length + 1);
    }

    /** The text in a buffer, up to its first NUL. */
    static String read(byte[] buffer) {
        int length = 0;
        while (length < buffer.length && buffer[length] != 0) {
            length++;
        }
        return new String(buffer, 0, length, StandardCharsets.UTF_8);
    }
}
