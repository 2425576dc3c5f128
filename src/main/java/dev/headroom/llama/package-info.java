/** llama.cpp as Java objects, each the one owner of its native handle. */
@NullMarked
package dev.headroom.llama;

import org.jspecify.annotations.NullMarked;
