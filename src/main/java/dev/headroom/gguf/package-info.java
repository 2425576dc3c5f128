/** GGUF files: reading headers, writing synthetic models. */
@NullMarked
package dev.headroom.gguf;

import org.jspecify.annotations.NullMarked;
