package dev.headroom.llama;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Which llama.cpp this is.
 *
 * @param version as released, {@code v0.4.0} or {@code b6431}; {@code unknown} where nothing tells
 * @param commit the commit it was built from, where the library tells
 * @param directory where the backends are looked for: the folder of the library
 * @param library the file of libllama
 */
public record LlamaBuild(String version, Optional<String> commit, Path directory, Path library) {}
