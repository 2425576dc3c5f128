/** Where a fork runs: a name and facts. */
@NullMarked
package dev.headroom.environment;

import org.jspecify.annotations.NullMarked;
