/** The benchmarks: one class, one question. */
@NullMarked
package dev.headroom.bench;

import org.jspecify.annotations.NullMarked;
