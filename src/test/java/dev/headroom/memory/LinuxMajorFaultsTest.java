package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinuxMajorFaultsTest {
    /** {@code /proc/self/stat} of a process on Linux 6.18. */
    private static final String STAT = "5896 (head) R 5887 5887 4094 0 -1 4194304 100 0 42 0 0 0 0 0 20 0 1 0 1212290"
            + " 2998272 394 18446744073709551615 94794885079040 94794885103145 140732738425184 0 0 0 0 0 0 0"
            + " 0 0 17 1 0 0 0 0 0 94794885118992 94794885120608 94795551301632 140732738427577"
            + " 140732738427605 140732738427605 140732738428906 0\n";

    private final Path file;

    LinuxMajorFaultsTest(@TempDir Path folder) {
        file = folder.resolve("stat");
    }

    @ParameterizedTest
    @ValueSource(strings = {"head", "", " ", "a b", ")", "(", ") R 1 1 1 1 1 1 1 1 7 1", "a)b (c) d", "\\n"})
    void processNameMayHaveAnyCharacters(String name) {
        assertThat(LinuxMajorFaults.parse(STAT.replace("(head)", "(" + name + ")")))
                .hasValue(42);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "5896",
                "5896 (head",
                "5896 (head)",
                "5896 (head) R 1 1 1 1 1 1 1 1",
                "5896 (head) R 1 1 1 1 1 1 1 1 -7 1",
                "5896 (head) R 1 1 1 1 1 1 1 1 x 1",
                "5896 (head) R 1 1 1 1 1 1 1 1  42 1",
                "5896 (head) R 1 1 1 1 1 1 1 1 99999999999999999999 1"
            })
    void malformedTextIsAbsent(String text) {
        assertThat(LinuxMajorFaults.parse(text)).isEmpty();
    }

    @Test
    void countsFromTheReset() throws IOException, MeterUnavailable {
        Files.writeString(file, STAT);
        try (LinuxMajorFaults faults = LinuxMajorFaults.open(file)) {
            assertThat(faults.read()).as("not reset yet").isEmpty();
            faults.reset();
            assertThat(faults.read()).hasValue(0);
            Files.writeString(file, STAT.replace(" 42 ", " 50 "));
            assertThat(faults.read()).hasValue(8);
            faults.reset();
            assertThat(faults.read()).hasValue(0);
            Files.writeString(file, STAT);
            assertThat(faults.read()).as("the count fell").isEmpty();
            Files.writeString(file, "");
            assertThat(faults.read()).isEmpty();
        }
    }

    @Test
    void reportsAFileWithoutTheField() throws IOException {
        Files.writeString(file, "5896 (head)\n");
        assertThatThrownBy(() -> LinuxMajorFaults.open(file))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage(file + " has no majflt");
    }
}
