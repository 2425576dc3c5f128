/** Meters of memory, sensors, and the sampler that polls them. Each source of a signal has one file. */
@NullMarked
package dev.headroom.memory;

import org.jspecify.annotations.NullMarked;
