package dev.headroom.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStoreTest {
    private static final SyntheticModel MODEL = SyntheticModel.parse("synthetic-stories-15m-l1-q4_0");

    private final Path folder;

    ModelStoreTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void makesAModelAgainOnlyIfItIsIncomplete() throws IOException {
        ModelStore store = new ModelStore(folder.resolve("new"));
        Path file = store.make(MODEL, Progress.NONE);
        FileTime old = FileTime.from(Instant.EPOCH);
        Files.setLastModifiedTime(file, old);

        assertThat(store.make(MODEL, Progress.NONE)).isEqualTo(file);
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(old);

        Files.write(file, new byte[(int) MODEL.bytes()]);
        store.make(MODEL, Progress.NONE);
        assertThat(MODEL.isIn(Gguf.read(file))).isTrue();
    }

    @Test
    void refusesToWriteWithTooLittleFreeSpace() {
        assertThatThrownBy(() -> new ModelStore(folder, any -> 5 << 20).make(MODEL, Progress.NONE))
                .isInstanceOf(BadInput.class)
                .hasMessage(
                        "The model synthetic-stories-15m-l1-q4_0 needs 15 MiB, and %s has 5 MiB free:"
                                + " free disk space, or set HEADROOM_CACHE to another disk.",
                        folder);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void leavesNoPartialFileIfWritingFails() {
        Progress failing = (done, total) -> {
            if (done > 1 << 20) {
                throw new IllegalStateException("stop");
            }
        };
        assertThatThrownBy(() -> new ModelStore(folder).make(MODEL, failing)).hasMessage("stop");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void reportsAFileInPlaceOfTheFolder() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));

        assertThatThrownBy(() -> new ModelStore(file).make(MODEL, Progress.NONE))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("(file already exists): free disk space, or set HEADROOM_CACHE");
    }

    @Test
    void severalThreadsMayMakeTheSameModel() throws Exception {
        ModelStore store = new ModelStore(folder);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Callable<Path> make = () -> store.make(MODEL, Progress.NONE);
            for (Future<Path> made : threads.invokeAll(List.of(make, make, make, make))) {
                assertThat(MODEL.isIn(Gguf.read(made.get()))).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(store.path(MODEL));
        }
    }

    @Test
    void deletesPartsOfKilledProcesses() throws IOException {
        Path abandoned = Files.createFile(folder.resolve(MODEL.id() + "-1.part"));
        Files.setLastModifiedTime(abandoned, FileTime.from(Instant.EPOCH));
        Path writing = Files.createFile(folder.resolve(MODEL.id() + "-2.part"));

        new ModelStore(folder).make(MODEL, Progress.NONE);

        assertThat(abandoned).doesNotExist();
        assertThat(writing).exists();
    }

    @Test
    void cacheDirectoryDependsOnTheSystem() {
        String home = "/home/u";
        assertThat(ModelStore.cacheDirectory(Map.of("HEADROOM_CACHE", "/big/models"), "Linux", home))
                .isEqualTo(Path.of("/big/models").toAbsolutePath());
        assertThat(ModelStore.cacheDirectory(Map.of("XDG_CACHE_HOME", "/x"), "Linux", home))
                .isEqualTo(Path.of("/x/headroom"));
        assertThat(ModelStore.cacheDirectory(Map.of("HEADROOM_CACHE", ""), "Linux", home))
                .isEqualTo(Path.of("/home/u/.cache/headroom"));
        assertThat(ModelStore.cacheDirectory(Map.of("XDG_CACHE_HOME", "/x"), "Mac OS X", home))
                .isEqualTo(Path.of("/home/u/Library/Caches/headroom"));
        assertThat(ModelStore.cacheDirectory(Map.of("LOCALAPPDATA", "/local"), "Windows 11", home))
                .isEqualTo(Path.of("/local/headroom"));
    }

    @Test
    void withoutHomeDirectoryACacheMustBeSet() {
        assertThat(ModelStore.cacheDirectory(Map.of("HEADROOM_CACHE", "/big/models"), "Linux", "?"))
                .isEqualTo(Path.of("/big/models").toAbsolutePath());
        assertThatThrownBy(() -> ModelStore.cacheDirectory(Map.of(), "Linux", "?"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("no home directory", "set the environment variable HEADROOM_CACHE");
    }
}
