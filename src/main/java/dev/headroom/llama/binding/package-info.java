/** C mirrors of llama.h and ggml: C names, no logic. Not null-marked: a C pointer may be null. */
package dev.headroom.llama.binding;
