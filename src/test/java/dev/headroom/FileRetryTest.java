package dev.headroom;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileRetryTest {
    @TempDir
    Path folder;

    @Test
    void retriesUntilTheFileIsClosed() throws IOException {
        AtomicInteger tries = new AtomicInteger();

        FileRetry.retry(() -> {
            if (tries.incrementAndGet() < 5) {
                throw new IOException("Sharing violation");
            }
        });

        assertThat(tries).hasValue(5);
    }

    @Test
    void throwsIfEveryTryFails() {
        assertThatThrownBy(() -> FileRetry.retry(() -> {
                    throw new IOException("Sharing violation");
                }))
                .hasMessage("Sharing violation");
    }

    @Test
    void deletesTheOtherFilesIfOneCannotBeDeleted() throws IOException {
        Path kept = Files.createDirectory(folder.resolve("kept"));
        Files.createFile(kept.resolve("inside"));
        Path deleted = Files.createFile(folder.resolve("deleted"));

        FileRetry.delete(kept, deleted, folder.resolve("missing"));

        assertThat(kept).exists();
        assertThat(deleted).doesNotExist();
    }
}
