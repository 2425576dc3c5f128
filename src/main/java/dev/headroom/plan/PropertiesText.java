package dev.headroom.plan;

import dev.headroom.BadInput;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** Java properties syntax, with line numbers, in order, and with no key twice. */
public final class PropertiesText {
    private PropertiesText() {}

    /**
     * Reads the entries of a properties file, in the order of its lines.
     *
     * @param where the file, for messages
     * @throws BadInput for a malformed {@code \\u} escape or a key that is there twice
     */
    public static List<Entry> entries(String where, String text) {
        List<Entry> entries = new ArrayList<>();
        Map<String, String> seen = new HashMap<>();
        String[] lines = text.split("\r\n|\r|\n", -1);
        for (int i = 0; i < lines.length; i++) {
            String at = where + ", line " + (i + 1);
            if (isCommentOrBlank(lines[i])) {
                continue;
            }
            StringBuilder logical = new StringBuilder(lines[i]);
            while (isContinued(lines[i]) && i + 1 < lines.length) {
                logical.append('\n').append(lines[++i]);
            }
            String line = logical.toString();
            if (isEmpty(line)) {
                continue;
            }
            parse(at, line).forEach((key, value) -> {
                Entry entry = new Entry((String) key, ((String) value).strip(), at);
                String first = seen.putIfAbsent(entry.key(), at);
                if (first != null) {
                    throw entry.bad("key " + Entry.quote(entry.key()) + " was there before (" + first + "), keep one");
                }
                entries.add(entry);
            });
        }
        return entries;
    }

    private static Properties parse(String at, String logicalLine) {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(logicalLine));
        } catch (IllegalArgumentException e) {
            throw new BadInput(at + ": \\u starts an escape of four hexadecimal digits; write a backslash as \\\\", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }

    /** As {@link Properties#load(java.io.Reader)} sees it: white space is space, tab and form feed only. */
    private static boolean isCommentOrBlank(String line) {
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c != ' ' && c != '\t' && c != '\f') {
                return c == '#' || c == '!';
            }
        }
        return true;
    }

    /** Backslashes at line ends with nothing between them. */
    private static boolean isEmpty(String logicalLine) {
        return logicalLine.replace("\\\n", "").isBlank();
    }

    private static boolean isContinued(String line) {
        int last = line.length() - 1;
        int i = last;
        while (i >= 0 && line.charAt(i) == '\\') {
            i--;
        }
        return (last - i) % 2 == 1;
    }
}
