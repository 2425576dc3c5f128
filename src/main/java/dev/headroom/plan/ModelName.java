package dev.headroom.plan;

import dev.headroom.BadInput;
import dev.headroom.PathName;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A model as a plan names it: a GGUF file, when the text has a {@code /} or {@code \} in it or ends in {@code .gguf},
 * or else {@code synthetic-<shape>-<quantization>}. Whether the file or the shape exists is not looked at here.
 *
 * @param text what the user wrote; {@code ~} is not expanded
 */
public record ModelName(String text) {
    private static final Pattern SYNTHETIC = Pattern.compile("synthetic-[A-Za-z0-9._-]{1,100}");
    private static final Pattern UNSAFE = Pattern.compile("[^A-Za-z0-9._-]");
    private static final Pattern LOST_BACKSLASH = Pattern.compile("[A-Za-z]:[^/\\\\].*");

    public ModelName {
        if (LOST_BACKSLASH.matcher(text).matches()) {
            throw new BadInput("model " + Entry.quote(text)
                    + " is not a path; in a properties file a backslash is written twice, or write / instead");
        }
        if (isFile(text)) {
            if (PathName.of("The model", text).getFileName() == null) {
                throw new BadInput("model " + Entry.quote(text) + " names no file");
            }
        } else if (!SYNTHETIC.matcher(text).matches()) {
            throw new BadInput(
                    "model " + Entry.quote(text) + " is neither a file (a path with / in it, or ending in .gguf)"
                            + " nor synthetic-<shape>-<quantization>, like synthetic-smollm2-135m-q4_0");
        }
    }

    /** Whether this is a GGUF file and not a synthetic model. */
    public boolean isFile() {
        return isFile(text);
    }

    /** The path as written. Only where {@link #isFile()}. */
    public Path file() {
        if (!isFile()) {
            throw new IllegalStateException(text + " is not a file");
        }
        return Path.of(text);
    }

    /**
     * The value of the JMH parameter {@code model}: the synthetic name, or the file's name in {@code [A-Za-z0-9._-]},
     * any other character replaced by {@code _}.
     */
    public String id() {
        return isFile() ? UNSAFE.matcher(String.valueOf(file().getFileName())).replaceAll("_") : text;
    }

    private static boolean isFile(String text) {
        return text.indexOf('/') >= 0 || text.indexOf('\\') >= 0 || text.endsWith(".gguf");
    }
}
