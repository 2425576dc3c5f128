package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelFileTest {
    private final Path folder;
    private final Path file;

    KernelFileTest(@TempDir Path folder) {
        this.folder = folder;
        file = folder.resolve("memory.peak");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "-1\n", "1.5\n", "0x10\n", "12 kB\n", "9999999999999999999\n", "１\n", "1\n2\n"})
    void malformedNumbersAreAbsent(String text) {
        assertThat(KernelFile.number(text)).isEqualTo(OptionalLong.empty());
    }

    @Test
    void parsesNumbers() {
        assertThat(KernelFile.number("17163091968\n")).hasValue(17_163_091_968L);
        assertThat(KernelFile.number("0")).hasValue(0);
    }

    @Test
    void commandsNeedAWritableFile() throws IOException, MeterUnavailable {
        assertThatThrownBy(() -> KernelFile.openForCommands(file))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("there is no " + file + " on this system");
        Files.writeString(file, "123456\n");
        try (KernelFile open = KernelFile.openForCommands(file)) {
            assertThat(open.readNumber()).hasValue(123_456);
            open.command("9");
            assertThat(Files.readString(file)).isEqualTo("923456\n");
        }
        assertThatThrownBy(() -> KernelFile.openForCommands(folder))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("cannot be written");
    }

    @Test
    void relativePathDoesNotExist() throws MeterUnavailable {
        Path relative = Path.of("pom.xml"); // like /proc/self/status on Windows

        KernelFile.open(relative.toAbsolutePath()).close();
        assertThatThrownBy(() -> KernelFile.open(relative))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("there is no pom.xml");
    }
}
