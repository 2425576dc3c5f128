/** Runs side by side: what differs, how certainly, and what that means. Reads {@code run.json} alone. */
@NullMarked
package dev.headroom.compare;

import org.jspecify.annotations.NullMarked;
