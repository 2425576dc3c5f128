package dev.headroom.llama;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The version and files of a llama.cpp.
 *
 * @param version the release, such as {@code v0.4.0} or {@code b6431}; {@code unknown} if it cannot be determined
 * @param commit the commit it was built from; null if unknown
 * @param directory the directory of libllama, where backends are searched
 * @param library the file of libllama
 */
public record LlamaBuild(String version, @Nullable String commit, Path directory, Path library) {}
