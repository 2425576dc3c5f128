/** The command line: parses arguments, calls other packages and prints. Only this package ends the process. */
@NullMarked
package dev.headroom.cli;

import org.jspecify.annotations.NullMarked;
