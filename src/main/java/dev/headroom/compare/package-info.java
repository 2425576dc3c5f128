/** Comparison of runs: differences, their uncertainty and their meaning. Reads only {@code run.json}. */
@NullMarked
package dev.headroom.compare;

import org.jspecify.annotations.NullMarked;
