package dev.headroom;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {
    @TempDir
    Path folder;

    @Test
    void waitsForOthersToCloseTheFile() throws IOException {
        AtomicInteger tries = new AtomicInteger();

        Leftovers.patiently(() -> {
            if (tries.incrementAndGet() < 5) {
                throw new IOException("Sharing violation");
            }
        });

        assertThat(tries).hasValue(5);
    }

    @Test
    void givesUpAfterAWhile() {
        assertThatThrownBy(() -> Leftovers.patiently(() -> {
                    throw new IOException("Sharing violation");
                }))
                .hasMessage("Sharing violation");
    }

    @Test
    void deletesAllOfThemAlsoWhenOneCannotBeDeleted() throws IOException {
        Path kept = Files.createDirectory(folder.resolve("kept"));
        Files.createFile(kept.resolve("inside"));
        Path gone = Files.createFile(folder.resolve("gone"));

        Leftovers.delete(kept, gone, folder.resolve("never there"));

        assertThat(kept).exists();
        assertThat(gone).doesNotExist();
    }
}
