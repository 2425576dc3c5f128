package dev.headroom.probe;

import java.nio.file.Path;
import java.util.List;

/** Commands that start classes of this program in another JVM of the same kind. */
public final class ChildJvm {
    private ChildJvm() {}

    /** Java, its options and the class path. The caller appends a class name and arguments. */
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

    /** The option that sets the file of the JVM's crash report. The JVM would replace %p in it by its process id. */
    public static String errorFile(Path file) {
        return "-XX:ErrorFile=" + file.toString().replace("%", "%%");
    }
}
