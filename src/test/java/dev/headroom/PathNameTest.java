package dev.headroom;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PathNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"a b", "it's", "\"", "-x", "100%p", "new\nline", "results"})
    void asciiIsAcceptedInEveryLocale(String text) {
        assumeTrue(File.separatorChar == '/', "Windows allows fewer characters");

        assertThat(PathName.of("The model", text, StandardCharsets.US_ASCII)).hasToString(text);
        assertThat(PathName.of("The model", text, StandardCharsets.UTF_8)).hasToString(text);
    }

    /** In the locale C, the bytes of é become ?? or two replacement characters, depending on the Java version. */
    @ParameterizedTest
    @ValueSource(strings = {"caf??", "caf\ufffd\ufffd", "café", "日本"})
    void undecodableCharactersAreRefused(String text) {
        assertThatThrownBy(() -> PathName.of("The model", text, StandardCharsets.US_ASCII))
                .isInstanceOf(BadInput.class)
                .hasMessage("The model (" + text + ") has characters that Java cannot read in this locale"
                        + " (US-ASCII): set LC_ALL=C.UTF-8, or use a name in ASCII.");
    }

    @Test
    void anInvalidPathIsRefused() {
        assertThatThrownBy(() -> PathName.of("The model", "a\0b", StandardCharsets.UTF_8))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("is not a path on this system");
    }
}
