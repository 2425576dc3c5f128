package dev.headroom.llama;

import dev.headroom.BadInput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files of one llama.cpp. Names carry variant and version or nothing: {@code libllama.vulkan.v0.4.0.so},
 * {@code libllama.so.0.0.6431}, {@code llama.v0.4.0.dll}, {@code libllama.dylib}.
 *
 * @param base libggml-base; absent where ggml is linked into libllama
 * @param ggml libggml; absent where ggml is linked into libllama
 */
record LibraryFiles(Path llama, Optional<Path> ggml, Optional<Path> base) {
    /** java-llama.cpp has llama.cpp, ggml and its own functions in one libjllama. */
    private static final String LLAMA = "j?llama";

    private static final String BACKENDS = "ggml-[a-z].*?";

    private static final List<String> BELOW = List.of("", "lib", "lib64", "bin", "build/bin");

    /** The folder of libllama: that is where the backends are. */
    Path directory() {
        Path directory = llama.getParent();
        return directory == null ? Path.of("") : directory;
    }

    /** @throws BadInput if there is none for this machine, or more than one */
    static LibraryFiles in(Path directory) {
        return in(directory, BinaryHeader.needed());
    }

    static LibraryFiles in(Path directory, BinaryHeader needed) {
        if (!Files.isDirectory(directory)) {
            throw new BadInput(directory + " is not a directory: name the directory that holds "
                    + plainName("llama", needed) + " of llama.cpp.");
        }
        for (String below : BELOW) {
            Path folder = directory.resolve(below);
            Optional<Path> llama = library(folder, LLAMA, needed);
            if (llama.isPresent()) {
                named(folder, BACKENDS, needed).forEach(file -> check(file, needed));
                return new LibraryFiles(
                        llama.get(), library(folder, "ggml", needed), library(folder, "ggml-base", needed));
            }
        }
        throw new BadInput("No llama.cpp in " + directory + ": neither it nor its folders lib, lib64, bin and build/bin"
                + " hold a " + plainName("llama", needed) + " (a name with variant and version, such as "
                + versionedName(needed) + ", will do); name the directory that does." + others(directory, needed));
    }

    /** Whether a directory holds a libllama that can be loaded on such a machine. */
    static boolean usable(Path directory, BinaryHeader needed) {
        try {
            return library(directory, LLAMA, needed).isPresent();
        } catch (BadInput e) {
            return false;
        }
    }

    private static Optional<Path> library(Path folder, String name, BinaryHeader needed) {
        Map<Path, Path> byRealPath = new LinkedHashMap<>();
        named(folder, name, needed).forEach(file -> byRealPath.putIfAbsent(real(file), file));
        List<Path> found = List.copyOf(byRealPath.values());
        if (found.size() > 1 && !areCopies(found)) {
            throw new BadInput(folder + " holds more than one " + plainName(name.equals(LLAMA) ? "llama" : name, needed)
                    + ": "
                    + String.join(
                            ", ", found.stream().map(LibraryFiles::fileName).toList())
                    + "; keep each llama.cpp in a directory of its own and name one.");
        }
        found.forEach(file -> check(file, needed));
        return found.stream().findFirst();
    }

    private static List<Path> named(Path folder, String name, BinaryHeader needed) {
        Pattern pattern = pattern(name, needed);
        return list(folder).stream()
                .filter(file -> pattern.matcher(fileName(file)).matches() && !Files.isDirectory(file))
                .toList();
    }

    /**
     * npm cannot pack links: {@code libllama.so}, {@code libllama.so.0} and {@code libllama.so.0.0.1} are copies then.
     */
    private static boolean areCopies(List<Path> files) {
        try {
            for (Path file : files) {
                if (Files.mismatch(files.get(0), file) >= 0) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void check(Path file, BinaryHeader needed) {
        try {
            BinaryHeader.objection(file, needed).ifPresent(objection -> {
                throw new BadInput(
                        file + " " + objection + "; this Java needs a llama.cpp for " + needed + ": name another one.");
            });
        } catch (IOException e) {
            throw new BadInput(file + " cannot be read (" + e.getMessage() + "): check its permissions.", e);
        }
    }

    /** @param name a regular expression */
    private static Pattern pattern(String name, BinaryHeader needed) {
        return Pattern.compile(
                switch (needed.system()) {
                    case "Windows" -> "(?i)(lib)?" + name + "(\\.[\\w.-]+)?\\.dll";
                    case "macOS" -> "lib" + name + "(\\.[\\w.-]+)?\\.dylib";
                    default -> "lib" + name + "(\\.[\\w.-]+)?\\.so(\\.\\d+)*";
                });
    }

    private static String plainName(String name, BinaryHeader needed) {
        return switch (needed.system()) {
            case "Windows" -> name + ".dll";
            case "macOS" -> "lib" + name + ".dylib";
            default -> "lib" + name + ".so";
        };
    }

    private static String versionedName(BinaryHeader needed) {
        return plainName("llama", needed).replaceFirst("\\.", ".vulkan.v0.4.0.");
    }

    /** Says so where a directory holds the library of another system. */
    private static String others(Path directory, BinaryHeader needed) {
        return BELOW.stream()
                .flatMap(below -> list(directory.resolve(below)).stream())
                .filter(file -> fileName(file).matches("(?i)(lib)?j?llama(\\.[\\w.-]+)?\\.(dll|dylib|so)(\\.\\d+)*"))
                .findFirst()
                .map(file -> " It does hold " + fileName(file) + ", but this Java needs one for " + needed + ".")
                .orElse("");
    }

    private static String fileName(Path file) {
        return String.valueOf(file.getFileName());
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file;
        }
    }

    private static List<Path> list(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw new BadInput(folder + " cannot be read (" + e.getMessage() + "): check its permissions.", e);
        }
    }
}
