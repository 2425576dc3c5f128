/** Runs a plan: one JMH run for each fork of each cell, merged afterwards. */
@NullMarked
package dev.headroom.run;

import org.jspecify.annotations.NullMarked;
