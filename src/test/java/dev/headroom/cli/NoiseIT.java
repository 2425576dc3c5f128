package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.headroom.cli.HeadroomProcess.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Warnings of a run while other processes use every core. */
@EnabledOnOs(OS.LINUX)
class NoiseIT {
    private final List<Process> busy = new ArrayList<>();

    @TempDir
    Path directory;

    @AfterEach
    void quiet() {
        busy.forEach(Process::destroyForcibly);
    }

    private void makeNoise() throws IOException {
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            busy.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
        }
    }

    private Result run(String... more) throws IOException, InterruptedException {
        String[] small = {
            "run",
            "--model=synthetic-stories-15m-q8_0",
            "--context=64",
            "--benchmark=ContextCreation|NativeCall",
            "--time=200ms",
            "--warmup=0",
            "--iterations=2"
        };
        return new HeadroomProcess()
                .run(directory, Stream.concat(Stream.of(small), Stream.of(more)).toArray(String[]::new));
    }

    @Test
    void loadOfOthersIsOnTheConsoleInRunJsonAndInTheTables() throws IOException, InterruptedException {
        makeNoise();

        Result result = run();

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(result.err().lines().filter(line -> line.contains("Other processes used")))
                .as("once before the run and once for all forks: %s", result.err())
                .hasSize(2)
                .anyMatch(line -> line.contains("before the run. End them"))
                .anyMatch(line -> line.contains("(the worst of 2). End them"));
        assertThat(result.out().lines().filter(line -> line.matches(".*  ok, noisy: .*load.*")))
                .hasSize(2);
        assertThat(result.out().lines().filter(line -> line.matches("\\[[12]/2] .*, noisy: .*load.*")))
                .hasSize(2);
        JsonNode json = files().json("run.json");
        assertThat(json.get("warnings"))
                .filteredOn(warning -> warning.asText().contains("Other processes used"))
                .hasSize(2);
        for (JsonNode cell : json.get("cells")) {
            assertThat(cell.at("/noise/0/kind").asText()).isEqualTo("load");
            assertThat(cell.at("/noise/0/amount").asDouble()).isGreaterThan(0.25);
        }
        assertThat(files().csv("cells.csv")).hasSize(2).allSatisfy(row -> assertThat(row.get("noise"))
                .startsWith("load"));
        assertThat(files().csv("iterations.csv")).hasSize(4).allSatisfy(row -> assertThat(row.get("noise"))
                .startsWith("load"));
        assertThat(Files.readAllLines(files().file("journal.jsonl")).stream().skip(1))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("\"kind\":\"load\""));
    }

    @Test
    void strictRunRefusesToBegin() throws IOException, InterruptedException {
        makeNoise();

        Result result = run("--strict");

        assertThat(result.exit()).as(result.toString()).isEqualTo(2);
        assertThat(result.err()).contains("headroom: --strict does not measure under noise. Other processes used ");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }

    /** The machine may be quiet or not: a cell has a mark if and only if there is a warning. */
    @Test
    void cellIsMarkedExactlyIfThereIsAWarning() throws IOException, InterruptedException {
        Result result = run();

        assertThat(result.exit()).as(result.toString()).isZero();
        boolean load = files().csv("cells.csv").stream()
                .anyMatch(row -> row.get("noise").contains("load"));
        assertThat(result.err()
                        .lines()
                        .anyMatch(
                                line -> line.contains("Other processes used") && line.contains(", during fork 1 of ")))
                .as(result.err())
                .isEqualTo(load);
        assertThat(result.out().contains("noisy: load")).isEqualTo(load);
    }

    private RunFiles files() throws IOException {
        return RunFiles.in(directory.resolve("results"));
    }
}
