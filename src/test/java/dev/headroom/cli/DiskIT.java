package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.cli.HeadroomProcess.Result;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fills up or turns read-only during a run: a small file system in memory. */
class DiskIT {
    private static final int FORKS = 3;

    @TempDir
    Path directory;

    private Path disk;

    @BeforeEach
    void mount() throws IOException, InterruptedException {
        disk = Files.createDirectory(directory.resolve("disk"));
        assumeTrue(
                Files.isExecutable(Path.of("/bin/mount"))
                        && run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk.toString()),
                "this user may not mount a file system");
    }

    @AfterEach
    void unmount() throws IOException, InterruptedException {
        run("umount", "-l", disk.toString());
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
    }

    private Path runFolder() throws IOException {
        try (Stream<Path> runs = Files.list(disk)) {
            return runs.filter(path -> path.getFileName().toString().endsWith("-quick"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Starts a run of three forks and breaks the disk when the first fork is in the journal. */
    private Result broken(Breaking breaking) throws Exception {
        Process process = new HeadroomProcess()
                .start(
                        directory,
                        directory.resolve("out.txt"),
                        directory.resolve("err.txt"),
                        "run",
                        "--out",
                        disk.toString(),
                        "--benchmark=NativeCall",
                        "--forks=" + FORKS,
                        "--warmup=0",
                        "--iterations=1",
                        "--time=1s");
        try {
            long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
            while (forks() < 1 && process.isAlive() && System.nanoTime() < end) {
                Thread.sleep(20);
            }
            breaking.now();
            assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        return new Result(
                process.exitValue(),
                Files.readString(directory.resolve("out.txt")),
                Files.readString(directory.resolve("err.txt")));
    }

    private interface Breaking {
        void now() throws IOException, InterruptedException;
    }

    private int forks() throws IOException {
        try (Stream<Path> runs = Files.list(disk)) {
            Optional<Path> journal = runs.map(run -> run.resolve("journal.jsonl"))
                    .filter(Files::exists)
                    .findFirst();
            return journal.isEmpty() ? 0 : Files.readAllLines(journal.get()).size() - 1;
        }
    }

    /** The journal may have all forks: on a full disk its last page, and pages of deleted files, still have room. */
    private void assertResumes(int atLeast) throws IOException, InterruptedException {
        assertThat(forks()).isBetween(atLeast, FORKS);
        Result resumed = new HeadroomProcess()
                .run(directory, "run", "--resume", runFolder().toString());
        assertThat(resumed.exit()).as(resumed.toString()).isZero();
        assertThat(forks()).isEqualTo(FORKS);
        JsonNode run =
                new ObjectMapper().readTree(runFolder().resolve("run.json").toFile());
        assertThat(run.at("/cells/0/status").asText()).isEqualTo("ok");
        assertThat(run.at("/cells/0/score/samples").asInt()).isEqualTo(FORKS);
    }

    @Test
    void fullDiskEndsTheRunAndNothingIsLost() throws Exception {
        Path filling = disk.resolve("filling");
        Result result = broken(() -> {
            try (OutputStream out = Files.newOutputStream(filling)) {
                byte[] bytes = new byte[1024];
                for (int i = 0; i < 8192; i++) {
                    out.write(bytes);
                }
            } catch (IOException e) {
                // the disk is full
            }
        });

        assertThat(result.exit()).as(result.toString()).isEqualTo(2);
        assertThat(result.err())
                .contains("cannot be written (No space left on device)", "free disk space", "--resume " + runFolder())
                .doesNotContain("\tat ");
        Files.delete(filling);
        assertResumes(1);
    }

    @Test
    void readOnlyDiskEndsTheRunAndNothingIsLost() throws Exception {
        Result result = broken(() -> {
            // fails while a file is open for writing
            while (!run("mount", "-o", "remount,ro", disk.toString())) {
                Thread.sleep(5);
            }
        });

        assertThat(result.exit()).as(result.toString()).isEqualTo(2);
        assertThat(result.err())
                .contains("cannot be written (Read-only file system)", "--resume " + runFolder())
                .doesNotContain("\tat ");
        assertThat(run("mount", "-o", "remount,rw", disk.toString())).isTrue();
        assertResumes(1);
    }
}
