/** JMH profilers: memory beside timing, in every iteration. */
@NullMarked
package dev.headroom.profiler;

import org.jspecify.annotations.NullMarked;
