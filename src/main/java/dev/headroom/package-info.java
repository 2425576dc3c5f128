/** Helpers that every package may use: errors for the user, and text and paths that are safe to use. */
@NullMarked
package dev.headroom;

import org.jspecify.annotations.NullMarked;
