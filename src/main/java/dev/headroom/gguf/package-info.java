/** GGUF files: reads headers and writes synthetic models. */
@NullMarked
package dev.headroom.gguf;

import org.jspecify.annotations.NullMarked;
