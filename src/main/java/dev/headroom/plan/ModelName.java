package dev.headroom.plan;

import dev.headroom.PathName;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A model as a plan names it: the path of a GGUF file, if the text contains {@code /} or {@code \} or ends in
 * {@code .gguf}; otherwise {@code synthetic-<shape>-<quantization>}. The file or the shape need not exist.
 *
 * @param text as the user wrote it; {@code ~} is not expanded
 */
public record ModelName(String text) {
    private static final Pattern SYNTHETIC = Pattern.compile("synthetic-[A-Za-z0-9._-]{1,100}");
    private static final Pattern UNSAFE = Pattern.compile("[^A-Za-z0-9._-]");
    private static final Pattern LOST_BACKSLASH = Pattern.compile("[A-Za-z]:[^/\\\\].*");

    /**
     * The model that an element of an entry names.
     *
     * @throws dev.headroom.BadInput if it is neither a path nor the name of a synthetic model
     */
    static ModelName of(Entry entry, String text) {
        ModelName name = new ModelName(text);
        String model = "model " + Entry.quote(text);
        if (LOST_BACKSLASH.matcher(text).matches()) {
            throw entry.bad(model + " is not a path", "in a properties file, write / or two backslashes");
        }
        if (name.isFile()) {
            if (PathName.of("The model in " + entry.where(), text).getFileName() == null) {
                throw entry.bad(model + " names no file", "add the file's name");
            }
        } else if (!SYNTHETIC.matcher(text).matches()) {
            throw entry.bad(
                    model + " is neither a file nor a synthetic model",
                    "give a path (with / in it, or ending in .gguf) or synthetic-<shape>-<quantization>, like "
                            + Parameter.MODEL.byDefault().text());
        }
        return name;
    }

    /** Whether this is a GGUF file, not a synthetic model. */
    public boolean isFile() {
        return text.indexOf('/') >= 0 || text.indexOf('\\') >= 0 || text.endsWith(".gguf");
    }

    /**
     * The path as written.
     *
     * @throws IllegalStateException if it is not a file
     */
    public Path file() {
        if (!isFile()) {
            throw new IllegalStateException(text + " is not a file");
        }
        return Path.of(text);
    }

    /**
     * The value of the JMH parameter {@code model}: the synthetic name, or the file's name with every character outside
     * {@code [A-Za-z0-9._-]} replaced by {@code _}.
     */
    public String id() {
        return isFile() ? UNSAFE.matcher(String.valueOf(file().getFileName())).replaceAll("_") : text;
    }
}
