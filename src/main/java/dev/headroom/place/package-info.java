/** How environments are entered: commands and paths, nothing is run here. */
@NullMarked
package dev.headroom.place;

import org.jspecify.annotations.NullMarked;
