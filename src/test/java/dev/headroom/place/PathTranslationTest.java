package dev.headroom.place;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathTranslationTest {
    @ParameterizedTest
    @CsvSource({
        "C:\\Users\\me\\x y.gguf, /mnt/c/Users/me/x y.gguf",
        "d:/m.gguf, /mnt/d/m.gguf",
        "/home/me/m.gguf, /home/me/m.gguf",
        "\\\\server\\share\\m.gguf, \\\\server\\share\\m.gguf",
        "m.gguf, m.gguf",
    })
    void fromWindowsIntoWsl(String path, String inWsl) {
        assertThat(PathTranslation.inWsl(path)).isEqualTo(inWsl);
    }

    @Test
    void fromWslIntoWindows() {
        assertThat(PathTranslation.inWindows("/mnt/c/Users/me/x y.gguf", "Debian"))
                .isEqualTo("C:\\Users\\me\\x y.gguf");
        assertThat(PathTranslation.inWindows("/mnt/d", "Debian")).isEqualTo("D:\\");
        assertThat(PathTranslation.inWindows("/mnt/data/m.gguf", "Debian"))
                .isEqualTo("\\\\wsl.localhost\\Debian\\mnt\\data\\m.gguf");
        assertThat(PathTranslation.inWindows("/home/me/m.gguf", "Ubuntu-24.04"))
                .isEqualTo("\\\\wsl.localhost\\Ubuntu-24.04\\home\\me\\m.gguf");
        assertThat(PathTranslation.inWindows("/home/me/m.gguf", null)).isEqualTo("/home/me/m.gguf");
        assertThat(PathTranslation.inWindows("C:\\m.gguf", "Debian")).isEqualTo("C:\\m.gguf");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "/opt/h-1.0/headroom|/opt/h-1.0/headroom",
                "a b|'a b'",
                "$(reboot)|'$(reboot)'",
                "it's|'it'\\''s'",
                "~/head room|~/'head room'",
                "~me|'~me'",
            })
    void quotedTextIsReadBackByAShell(String text, String quoted) {
        assertThat(PathTranslation.quoted(text)).isEqualTo(quoted);
    }
}
