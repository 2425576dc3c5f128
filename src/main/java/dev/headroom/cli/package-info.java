/** The command line: parse, validate, call, print. The only package that ends the process. */
@NullMarked
package dev.headroom.cli;

import org.jspecify.annotations.NullMarked;
