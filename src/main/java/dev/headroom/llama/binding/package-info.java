/** Mirrors of the C functions of llama.h and ggml, with C names. Not null-marked, as a C pointer may be NULL. */
package dev.headroom.llama.binding;
