/** The JMH profiler that measures memory in every iteration. */
@NullMarked
package dev.headroom.profiler;

import org.jspecify.annotations.NullMarked;
