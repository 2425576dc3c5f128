package dev.headroom.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import dev.headroom.result.ForkResult;
import dev.headroom.result.NamedValues;
import dev.headroom.result.Run;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    static final Run HEAD = new Run(
            1,
            "20260304-050607-quick",
            "1.0",
            "2026-03-04T05:06:07Z",
            null,
            new NamedValues("quick", Map.of("forks", "2")),
            new NamedValues("vm-linux", Map.of("kernel", "6.1", "memoryAvailableMiB", "100")),
            new Run.Llama("v0.4.0", "abc", "/llama/libllama.so", List.of(), null, "f1"),
            List.of(),
            List.of(),
            Map.of(),
            Map.of(),
            null,
            List.of(),
            List.of());

    @TempDir
    Path folder;

    private static ForkResult fork(String cell, int number) {
        return ForkResult.refused(cell, number, "line\nbreak, ü", "t");
    }

    private Path file() {
        return folder.resolve("journal.jsonl");
    }

    @Test
    void appendedForksAreReadAgain() throws IOException {
        Journal journal = Journal.begin(folder, HEAD);
        journal.append(fork("a", 1));
        journal.append(fork("a", 2));

        Journal.Content content = Journal.read(folder);
        assertThat(Files.readAllLines(file())).hasSize(3);
        assertThat(content.head()).isEqualTo(HEAD);
        assertThat(content.forks()).containsExactly(fork("a", 1), fork("a", 2));
        assertThat(content.bytes()).isEqualTo(Files.size(file()));
    }

    @Test
    void incompleteLastLineIsIgnored() throws IOException {
        Journal journal = Journal.begin(folder, HEAD);
        journal.append(fork("a", 1));
        long whole = Files.size(file());
        journal.append(fork("a", 2));
        byte[] bytes = Files.readAllBytes(file());

        for (int length = (int) whole; length < bytes.length; length++) {
            Journal.Content content = Journal.parse(file(), Arrays.copyOf(bytes, length));
            assertThat(content.forks()).as("%s bytes", length).containsExactly(fork("a", 1));
            assertThat(content.bytes()).isEqualTo(whole);
        }
    }

    @Test
    void lastLineOfZerosIsIgnored() throws IOException {
        Journal.begin(folder, HEAD).append(fork("a", 1));
        long whole = Files.size(file());
        Files.write(file(), new byte[] {'{', 0, 0, '\n'}, StandardOpenOption.APPEND);

        assertThat(Journal.read(folder).bytes()).isEqualTo(whole);
    }

    @Test
    void resumingCutsTheIncompleteLine() throws IOException {
        Journal.begin(folder, HEAD).append(fork("a", 1));
        Files.writeString(file(), "{\"cell\":\"a\",\"fo", StandardOpenOption.APPEND);

        Journal.resume(folder, Journal.read(folder)).append(fork("a", 2));

        assertThat(Journal.read(folder).forks()).containsExactly(fork("a", 1), fork("a", 2));
    }

    @Test
    void duplicateForkCountsOnce() {
        Journal journal = Journal.begin(folder, HEAD);
        journal.append(fork("a", 1));
        journal.append(fork("a", 1));

        assertThat(Journal.read(folder).forks()).hasSize(1);
    }

    @Test
    void damageInTheMiddleIsReportedWithItsLine() throws IOException {
        Journal journal = Journal.begin(folder, HEAD);
        journal.append(fork("a", 1));
        Files.writeString(file(), "null\n", StandardOpenOption.APPEND);
        journal.append(fork("a", 2));

        assertThatThrownBy(() -> Journal.read(folder))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("journal.jsonl is damaged in line 3")
                .hasMessageContaining("delete that line");
    }

    @Test
    void folderWithoutJournalIsRefused() {
        assertThatThrownBy(() -> Journal.read(folder))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("No journal.jsonl in");
    }

    @Test
    void journalWithoutACompleteLineIsRefused() throws IOException {
        Files.writeString(file(), "{\"schemaVersion\":1,");

        assertThatThrownBy(() -> Journal.read(folder))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("nothing was measured yet");
    }

    /** Whatever happens to the file: what it holds, or one sentence. */
    @Test
    void damagedJournalsAreRefusedInOneSentence() throws IOException {
        Journal journal = Journal.begin(folder, HEAD);
        for (int number = 1; number <= 5; number++) {
            journal.append(fork("cell", number));
        }
        byte[] whole = Files.readAllBytes(file());
        Random random = new Random(4);
        int read = 0;
        for (int trial = 0; trial < 3000; trial++) {
            byte[] damaged = Arrays.copyOf(whole, random.nextInt(4) == 0 ? random.nextInt(whole.length) : whole.length);
            for (int flips = random.nextInt(4); flips > 0 && damaged.length > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = random.nextBoolean()
                        ? (byte) random.nextInt(256)
                        : (byte) "\n\"{}[],:0".charAt(random.nextInt(9));
            }
            try {
                Journal.Content content = Journal.parse(file(), damaged);
                assertThat(content.forks()).hasSizeLessThanOrEqualTo(5);
                assertThat(content.bytes()).isLessThanOrEqualTo(damaged.length);
                read++;
            } catch (BadInput e) {
                assertThat(String.valueOf(e.getMessage()).lines()).hasSize(1);
                assertThat(e.getMessage()).contains("journal.jsonl");
            }
        }
        assertThat(read).isBetween(100, 2900);
    }

    @Test
    void jsonOfAnotherKindIsRefused() {
        for (String text : List.of("null\n", "[]\n", "{}\n", "1\n", "\"\"\n", "\n", "{\"cell\":\"a\"}\n")) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            assertThatThrownBy(() -> Journal.parse(file(), bytes))
                    .as(text)
                    .isInstanceOf(BadInput.class)
                    .hasMessageContaining("line");
        }
    }
}
