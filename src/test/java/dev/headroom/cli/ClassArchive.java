package dev.headroom.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/** Parsed classes of a jar for the JVM (class data sharing). It saves a second for each run in a test. */
final class ClassArchive {
    private ClassArchive() {}

    /** The archive of a jar, beside it. It is made once. If that fails, the JVM ignores the missing file. */
    static Path of(Path jar) {
        Path archive = jar.resolveSibling("it-classes.jsa");
        try (FileChannel lock = FileChannel.open(
                jar.resolveSibling("it-classes.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            lock.lock(); // released when the channel closes
            if (!Files.exists(archive) || isOlder(archive, jar)) {
                make(archive, jar);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return archive;
    }

    private static boolean isOlder(Path archive, Path jar) throws IOException {
        return Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(jar)) < 0;
    }

    private static void make(Path archive, Path jar) throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"));
        Path ofJdk = java.resolve("lib/classlist");
        if (!Files.exists(ofJdk)) {
            return;
        }
        Path names = jar.resolveSibling("it-classes.txt");
        try (Stream<String> ofJava = Files.lines(ofJdk);
                JarFile file = new JarFile(jar.toFile())) {
            Stream<String> ofJar = file.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.endsWith(".class") && !name.startsWith("META-INF") && !name.contains("-info"))
                    .map(name -> name.substring(0, name.length() - ".class".length()));
            Files.write(
                    names,
                    Stream.concat(ofJava.filter(name -> !name.startsWith("@")), ofJar)
                            .toList());
        }
        Files.deleteIfExists(archive);
        new ProcessBuilder(List.of(
                        java.resolve("bin/java").toString(),
                        "-XX:+UseSerialGC",
                        "-Xshare:dump",
                        "-XX:SharedClassListFile=" + names,
                        "-XX:SharedArchiveFile=" + archive,
                        "-cp",
                        jar.toString()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
