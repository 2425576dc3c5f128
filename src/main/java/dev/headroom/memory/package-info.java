/** Meters: one file for each source of a memory signal, and the sampler that polls them. */
@NullMarked
package dev.headroom.memory;

import org.jspecify.annotations.NullMarked;
