package dev.headroom.run;

import java.nio.file.Path;
import java.util.List;

/** How to start this program's classes in another JVM of the same kind. */
final class ChildJvm {
    private ChildJvm() {}

    /** Java, the options that native access needs, and the class path; a class name and its arguments follow. */
    static List<String> command() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + Path.of(System.getProperty("java.io.tmpdir"), "headroom-probe-crash.txt"),
                "-cp",
                System.getProperty("java.class.path"));
    }
}
