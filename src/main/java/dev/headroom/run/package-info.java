/** Turns a plan into a run folder. */
@NullMarked
package dev.headroom.run;

import org.jspecify.annotations.NullMarked;
