package dev.headroom.place;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The files of this Headroom that another one in an environment can use.
 *
 * @param java folder of the Java installation
 * @param classPath absolute paths: the jar, or what stands for it
 * @param llama directory of llama.cpp
 * @param cache folder of synthetic models and saved contexts
 * @param models files of models
 * @param path the folders in which programs are looked for
 */
public record HostFiles(Path java, List<Path> classPath, Path llama, Path cache, List<Path> models, List<Path> path) {
    private static final int DEPTH_OF_LINKS = 4;

    /** The Java program. */
    Path javaProgram() {
        return java.resolve("bin").resolve("java");
    }

    /** The files that must be readable inside. */
    Set<Path> readOnly() {
        Set<Path> files = new LinkedHashSet<>();
        files.add(java);
        files.addAll(linkedFrom(java));
        files.addAll(classPath);
        files.add(llama);
        files.addAll(models);
        return files;
    }

    /** Targets of links that lead out of a Java installation. Distributions keep its configuration in /etc. */
    private static List<Path> linkedFrom(Path folder) {
        List<Path> outside = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder, DEPTH_OF_LINKS)) {
            for (Path link : files.filter(Files::isSymbolicLink).toList()) {
                Path target = link.toRealPath();
                if (!target.startsWith(folder.toRealPath())) {
                    outside.add(target);
                }
            }
        } catch (IOException e) {
            return outside; // unreadable files are not needed inside
        }
        return outside;
    }

    /** The first of the programs that is on the path; the last one if none is. */
    String program(String... names) {
        return Stream.of(names)
                .filter(name -> path.stream().anyMatch(folder -> Files.isExecutable(folder.resolve(name))))
                .findFirst()
                .orElse(names[names.length - 1]);
    }
}
