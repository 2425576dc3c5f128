/** Exporters: they turn results into text and write no files. */
@NullMarked
package dev.headroom.export;

import org.jspecify.annotations.NullMarked;
