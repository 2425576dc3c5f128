package dev.headroom.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 3, 4, 5, 6, 7);

    @TempDir
    Path parent;

    @Test
    void nameHasTimeAndPlanAndIsUnique() {
        RunFolder first = RunFolder.create(parent, "quick", NOW);
        RunFolder second = RunFolder.create(parent, "quick", NOW);

        assertThat(first.id()).isEqualTo("20260304-050607-quick");
        assertThat(second.id()).isEqualTo("20260304-050607-quick-2");
    }

    @Test
    void parentThatIsAFileIsRefused() throws IOException {
        Path file = Files.writeString(parent.resolve("file"), "x");

        assertThatThrownBy(() -> RunFolder.create(file, "quick", NOW))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("--out");
    }

    @Test
    void replacingLeavesNoTemporaryFile() throws IOException {
        RunFolder folder = RunFolder.create(parent, "quick", NOW);

        folder.replace("run.json", "old");
        folder.replace("run.json", "new");

        assertThat(Files.readString(folder.path().resolve("run.json"))).isEqualTo("new");
        try (var files = Files.list(folder.path())) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("run.json", "logs");
        }
    }

    @Test
    void fileThatCannotBeReplacedStaysWithAReason() throws IOException {
        RunFolder folder = RunFolder.create(parent, "quick", NOW);
        Path kept = Files.createDirectories(folder.path().resolve("run.json"));
        Files.writeString(kept.resolve("inside"), "old");

        assertThat(folder.replace("run.json", "new")).isPresent();

        assertThat(kept.resolve("inside")).hasContent("old");
        assertThat(folder.path().resolve("run.json.tmp")).doesNotExist();
    }

    @Test
    void removingLeavesNothing() throws IOException {
        RunFolder.create(parent, "quick", NOW).remove();

        try (var files = Files.list(parent)) {
            assertThat(files).isEmpty();
        }
    }
}
