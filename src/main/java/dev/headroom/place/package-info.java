/** Places where forks run, and how Headroom gets there. */
@NullMarked
package dev.headroom.place;

import org.jspecify.annotations.NullMarked;
