/** What every part of Headroom may know: errors that are the user's to mend. */
@NullMarked
package dev.headroom;

import org.jspecify.annotations.NullMarked;
