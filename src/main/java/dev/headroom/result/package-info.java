/** The results of a run as values. Knows no other package. */
@NullMarked
package dev.headroom.result;

import org.jspecify.annotations.NullMarked;
