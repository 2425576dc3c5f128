package dev.headroom.probe;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProbeProcessTest {
    /** As Java 17 prints it, shortened. */
    private static final String CRASH =
            """
            #
            # A fatal error has been detected by the Java Runtime Environment:
            #
            #  SIGBUS (0x7) at pc=0x00007f3a5b0c7a5d, pid=4242, tid=4243
            #
            # JRE version: OpenJDK Runtime Environment (17.0.17+10) (build 17.0.17+10-Debian-1deb12u1)
            # Problematic frame:
            # C  [libggml-base.so+0x1f3a5]  ggml_backend_load+0x15
            #
            """;

    @Test
    void crashNamesSignalAndLibrary() {
        assertThat(ProbeProcess.end(1, CRASH, ""))
                .isEqualTo("crashed its process with SIGBUS in C  [libggml-base.so+0x1f3a5]  ggml_backend_load+0x15");
        assertThat(ProbeProcess.end(134, CRASH.substring(0, CRASH.indexOf("# Problematic")), ""))
                .isEqualTo("crashed its process with SIGBUS");
    }

    @Test
    void abortHasItsReason() {
        assertThat(
                        ProbeProcess.end(
                                134,
                                "",
                                """
                        a line before
                        /build/ggml/src/ggml.c:1234: GGML_ASSERT(type < GGML_TYPE_COUNT) failed
                        [New LWP 4243]
                        """))
                .isEqualTo("ended its process with signal 6 (SIGABRT), saying"
                        + " \"/build/ggml/src/ggml.c:1234: GGML_ASSERT(type < GGML_TYPE_COUNT) failed\"");
    }

    @Test
    void otherEndsHaveTheirLastLine() {
        assertThat(ProbeProcess.end(3, "", "first\nlast \n\n"))
                .isEqualTo("ended its process with exit code 3, saying \"last\"");
        assertThat(ProbeProcess.end(137, "noise", ""))
                .isEqualTo("ended its process with signal 9 (SIGKILL), saying \"no word\"");
    }
}
