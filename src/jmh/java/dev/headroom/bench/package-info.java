/** The benchmarks: one class for each question. */
@NullMarked
package dev.headroom.bench;

import org.jspecify.annotations.NullMarked;
