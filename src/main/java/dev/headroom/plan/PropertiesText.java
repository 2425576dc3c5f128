package dev.headroom.plan;

import dev.headroom.BadInput;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** A reader of Java's properties syntax that keeps order and line numbers, and refuses a repeated key. */
public final class PropertiesText {
    /** The largest file in bytes. A plan is a page of text. */
    private static final int LARGEST_FILE = 1 << 20;

    private PropertiesText() {}

    /**
     * Reads a file of properties.
     *
     * @param remedy what to do about a missing or wrong file, for messages
     * @throws BadInput if the file cannot be read, is larger than 1 MiB or is not UTF-8
     */
    public static String read(Path file, String remedy) {
        if (Files.isDirectory(file)) {
            throw new BadInput(file + " is a folder: " + remedy + ".");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(LARGEST_FILE + 1);
            if (bytes.length > LARGEST_FILE) {
                throw new BadInput(file + " is larger than 1 MiB: " + remedy + ".");
            }
            return decode(file.toString(), bytes);
        } catch (NoSuchFileException e) {
            throw new BadInput("No file " + file + ": " + remedy + ".", e);
        } catch (IOException e) {
            throw new BadInput(file + " cannot be read: " + e + ".", e);
        }
    }

    /** Decodes UTF-8, with or without a byte order mark. */
    static String decode(String where, byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new BadInput(where + " is not UTF-8 text: save it as UTF-8.", e);
        }
    }

    /**
     * The entries by key, in the order of the text.
     *
     * @param where the file, for messages
     * @throws BadInput for a malformed {@code \\u} escape or a repeated key
     */
    public static Map<String, Entry> entries(String where, String text) {
        Map<String, Entry> entries = new LinkedHashMap<>();
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
                Entry first = entries.putIfAbsent(entry.key(), entry);
                if (first != null) {
                    throw entry.bad(
                            "Key " + Entry.quote(entry.key()) + " occurs twice",
                            "remove it here or in " + first.where());
                }
            });
        }
        return entries;
    }

    private static Properties parse(String at, String logicalLine) {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(logicalLine));
        } catch (IllegalArgumentException e) {
            throw new BadInput(
                    "\\u without four hexadecimal digits (" + at + "): write two backslashes for a backslash.", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }

    /** As in {@link Properties#load(java.io.Reader)}, white space is space, tab and form feed only. */
    private static boolean isCommentOrBlank(String line) {
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c != ' ' && c != '\t' && c != '\f') {
                return c == '#' || c == '!';
            }
        }
        return true;
    }

    /** Whether it consists of continued lines with nothing in them. */
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
