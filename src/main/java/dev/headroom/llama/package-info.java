/** llama.cpp as Java objects. Each object owns its native handle. */
@NullMarked
package dev.headroom.llama;

import org.jspecify.annotations.NullMarked;
