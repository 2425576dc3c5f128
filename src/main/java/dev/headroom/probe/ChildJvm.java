package dev.headroom.probe;

import java.nio.file.Path;
import java.util.List;

/** How to start this program's classes in another JVM of the same kind. */
public final class ChildJvm {
    private ChildJvm() {}

    /** Java, the options that native access needs, and the class path; a class name and its arguments follow. */
    static List<String> command() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:-CreateCoredumpOnCrash",
                "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                JnaFolder.option(),
                "-cp",
                System.getProperty("java.class.path"));
    }

    /** Where the JVM's report of a crash goes; it takes %p for its process id. */
    public static String errorFile(Path file) {
        return "-XX:ErrorFile=" + file.toString().replace("%", "%%");
    }
}
