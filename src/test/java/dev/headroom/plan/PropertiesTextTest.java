package dev.headroom.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.BadInput;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class PropertiesTextTest {
    @Test
    void knowsLinesCommentsAndContinuations() {
        Map<String, Entry> entries = PropertiesText.entries(
                "f",
                """
                # a comment \\
                a = 1

                  ! another
                b : 2,\\
                    3
                c\\=d 4
                e=\\\\
                f
                """);

        assertThat(entries.values())
                .containsExactly(
                        new Entry("a", "1", "f, line 2"),
                        new Entry("b", "2,3", "f, line 5"),
                        new Entry("c=d", "4", "f, line 7"),
                        new Entry("e", "\\", "f, line 8"),
                        new Entry("f", "", "f, line 9"));
    }

    /** It reads the same as the JDK, except that it refuses a repeated key. */
    @Test
    void readsWhatTheJdkReads() throws IOException {
        Random random = new Random(7);
        String alphabet = "ab=: \t\f\\\n\r#!u0";
        int compared = 0;
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(30); n > 0; n--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            text.append("\n\nend=here"); // the JDK treats a backslash at the end of the last line differently
            Map<String, String> ours = new HashMap<>();
            try {
                PropertiesText.entries("f", text.toString()).forEach((key, entry) -> ours.put(key, entry.value()));
            } catch (BadInput e) {
                continue;
            }
            Properties properties = new Properties();
            properties.load(new StringReader(text.toString()));
            Map<String, String> theirs = new HashMap<>();
            properties.forEach((key, value) -> theirs.put((String) key, ((String) value).strip()));
            assertThat(ours).as(Entry.quote(text.toString())).isEqualTo(theirs);
            compared++;
        }
        assertThat(compared).isGreaterThan(5_000);
    }

    @Test
    void anyBytesGiveAPlanOrBadInput() {
        Random random = new Random(42);
        String[] words = {
            "contextLength", "model", "threads", "kvType", "TokenGeneration", ".", "=", ":", ",", "\"", "\\", "\n",
                    "\r",
            " ", "#", "512", "-1", "0", "\\u00", "synthetic-x-q4_0", "/a.gguf", "C:", "batch", "ubatch", "1ms", "\0",
            "ü", "\uD800", "benchmarks", "forks", "9999999999", "local"
        };
        int plans = 0;
        for (int i = 0; i < 5_000; i++) {
            byte[] bytes;
            if (i % 2 == 0) {
                bytes = new byte[random.nextInt(200)];
                random.nextBytes(bytes);
            } else {
                StringBuilder text = new StringBuilder();
                for (int n = random.nextInt(12); n > 0; n--) {
                    text.append(words[random.nextInt(words.length)]);
                }
                bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            }
            plans += isPlan(bytes) ? 1 : 0;
        }
        assertThat(plans).isPositive();
    }

    @Test
    void largeTextsEndSoon() {
        int size = 1 << 20;
        List<String> texts = List.of(
                "a".repeat(size),
                "\\".repeat(size),
                "\n".repeat(size),
                "a\n".repeat(size / 2),
                "\\\n".repeat(size / 2),
                "contextLength=" + ",".repeat(size),
                "contextLength=" + "1,".repeat(size / 2) + "1",
                "model=" + "\"".repeat(size),
                "model=" + " ".repeat(size) + "x",
                "model=" + "a/,".repeat(size / 3),
                "time=" + "9".repeat(size));
        for (String text : texts) {
            Assertions.assertTimeout(
                    Duration.ofSeconds(30), () -> assertThat(isPlan(text.getBytes(StandardCharsets.UTF_8)))
                            .isIn(true, false));
        }
    }

    private static boolean isPlan(byte[] bytes) {
        try {
            return !Plan.parse("p", "p.properties", PropertiesText.decode("p.properties", bytes))
                    .cells()
                    .isEmpty();
        } catch (BadInput e) {
            assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(700);
            return false;
        }
    }
}
