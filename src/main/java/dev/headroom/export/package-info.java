/** Exporters: results in, text out. */
@NullMarked
package dev.headroom.export;

import org.jspecify.annotations.NullMarked;
