package dev.headroom.gguf;

import dev.headroom.BadInput;
import java.nio.file.Path;

/** A file that is not a usable GGUF. The message gives the file, the position, the reason and what to do. */
public final class GgufException extends BadInput {
    private static final long serialVersionUID = 1L;

    /** The file cannot be opened. */
    GgufException(Path file, String reason, String remedy) {
        super("%s %s: %s.".formatted(file, reason, remedy));
    }

    /** The file is wrong at byte {@code offset}. */
    GgufException(Path file, long offset, String reason, String remedy) {
        super("%s %s (at byte %s): %s.".formatted(file, reason, offset, remedy));
    }
}
