/** Questions that a process of their own answers, so that a crash ends no run. */
@NullMarked
package dev.headroom.probe;

import org.jspecify.annotations.NullMarked;
