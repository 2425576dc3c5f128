/** Plans: which benchmarks to run, with which parameters and settings. */
@NullMarked
package dev.headroom.plan;

import org.jspecify.annotations.NullMarked;
