/** One fork: starting it with JMH, watching it, and finding out why it ended. */
@NullMarked
package dev.headroom.fork;

import org.jspecify.annotations.NullMarked;
