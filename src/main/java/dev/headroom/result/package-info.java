/** Results of a run as records, and the catalogue of metrics. Knows no other package. */
@NullMarked
package dev.headroom.result;

import org.jspecify.annotations.NullMarked;
