/** Plans: which benchmarks, models, context lengths and settings to run. */
@NullMarked
package dev.headroom.plan;

import org.jspecify.annotations.NullMarked;
