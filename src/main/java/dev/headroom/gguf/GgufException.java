package dev.headroom.gguf;

import dev.headroom.BadInput;
import java.nio.file.Path;

/** A file that is no usable GGUF; the message names the file, the place and the reason. */
public final class GgufException extends BadInput {
    private static final long serialVersionUID = 1L;

    /** The file cannot be opened, so that no place in it is wrong. */
    GgufException(Path file, String reason) {
        super("%s %s.".formatted(file, reason));
    }

    /** The file is wrong at byte {@code offset}. */
    GgufException(Path file, long offset, String reason) {
        super("%s %s (at byte %s).".formatted(file, reason, offset));
    }
}
