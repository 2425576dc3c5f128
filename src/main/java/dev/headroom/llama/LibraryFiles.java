package dev.headroom.llama;

import dev.headroom.BadInput;
import dev.headroom.FileErrors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The library files of one llama.cpp. Names may contain a variant and a version: {@code libllama.vulkan.v0.4.0.so},
 * {@code libllama.so.0.0.6431}, {@code llama.v0.4.0.dll}, {@code libllama.dylib}.
 *
 * @param llama libllama
 * @param ggml libggml; the same file as {@code llama} if ggml is linked into it
 * @param base libggml-base; the same file as {@code ggml} if it is linked into that
 */
record LibraryFiles(Path llama, Path ggml, Path base) {
    /** java-llama.cpp has llama.cpp, ggml and its own functions in one library, libjllama. */
    private static final String LLAMA = "j?llama";

    private static final String BACKENDS = "ggml-[a-z].*?";

    private static final List<String> SUBDIRECTORIES = List.of("", "lib", "lib64", "bin", "build/bin");

    /** The directory of libllama and of the backends. */
    Path directory() {
        Path directory = llama.getParent();
        return directory == null ? Path.of("") : directory;
    }

    /**
     * Finds the files in a directory or its usual subdirectories.
     *
     * @throws BadInput if there is no llama.cpp for this Java, or more than one
     */
    static LibraryFiles in(Path directory) {
        return in(directory, BinaryHeader.ofThisJava());
    }

    static LibraryFiles in(Path directory, BinaryHeader needed) {
        if (!Files.isDirectory(directory)) {
            throw new BadInput(
                    directory + " is not a directory: give the directory with " + plainName("llama", needed) + ".");
        }
        for (String below : SUBDIRECTORIES) {
            Path folder = directory.resolve(below);
            Optional<Path> llama = library(folder, LLAMA, needed);
            if (llama.isPresent()) {
                named(folder, BACKENDS, needed).forEach(file -> check(file, needed));
                Path ggml = library(folder, "ggml", needed).orElse(llama.get());
                return new LibraryFiles(
                        llama.get(), ggml, library(folder, "ggml-base", needed).orElse(ggml));
            }
        }
        throw new BadInput("No llama.cpp in " + directory + " or its folders lib, lib64, bin and build/bin"
                + otherSystem(directory) + ": give the directory with a " + plainName("llama", needed) + " for "
                + needed
                + ", also with variant and version in its name.");
    }

    /** Whether a directory has a libllama that can be loaded. */
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
            throw new BadInput(folder + " has more than one " + plainName(name.equals(LLAMA) ? "llama" : name, needed)
                    + " (" + found.stream().map(LibraryFiles::fileName).collect(Collectors.joining(", "))
                    + "): keep each llama.cpp in its own directory.");
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

    /** npm packages have no links: {@code libllama.so} and {@code libllama.so.0} are copies there. */
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
            BinaryHeader.problem(file, needed).ifPresent(problem -> {
                throw new BadInput(file + " " + problem + ": this Java needs a llama.cpp for " + needed + ".");
            });
        } catch (IOException e) {
            throw unreadable(file, e);
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

    /** A note if the directory has a library for another system. */
    private static String otherSystem(Path directory) {
        return SUBDIRECTORIES.stream()
                .flatMap(below -> list(directory.resolve(below)).stream())
                .filter(file -> fileName(file).matches("(?i)(lib)?j?llama(\\.[\\w.-]+)?\\.(dll|dylib|so)(\\.\\d+)*"))
                .findFirst()
                .map(file -> " (" + fileName(file) + " is for another system)")
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
        } catch (UncheckedIOException e) {
            throw unreadable(folder, Objects.requireNonNull(e.getCause()));
        } catch (IOException e) {
            throw unreadable(folder, e);
        }
    }

    private static BadInput unreadable(Path path, IOException e) {
        return new BadInput(path + " cannot be read (" + FileErrors.reason(e) + "): check its permissions.", e);
    }
}
