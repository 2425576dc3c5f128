/** Detects the environment in which this process runs: its name and facts. */
@NullMarked
package dev.headroom.environment;

import org.jspecify.annotations.NullMarked;
