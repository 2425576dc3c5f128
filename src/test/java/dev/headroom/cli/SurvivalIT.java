package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.headroom.cli.HeadroomProcess.Result;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are interrupted, and forks that are killed, stopped or without memory: real processes, real signals. */
class SurvivalIT {
    private static final String MODEL = "synthetic-stories-15m-q8_0";
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @TempDir
    Path directory;

    private final List<Process> started = new ArrayList<>();

    @BeforeEach
    void signalsAreThere() {
        assumeTrue(Files.isExecutable(Path.of("/bin/kill")), "there is no /bin/kill");
    }

    @AfterEach
    void nothingStays() {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private Process start(String... args) throws IOException {
        Process process = new HeadroomProcess()
                .start(directory, directory.resolve("out.txt"), directory.resolve("err.txt"), args);
        started.add(process);
        return process;
    }

    private Result end(Process process) throws IOException, InterruptedException {
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return new Result(
                process.exitValue(),
                Files.readString(directory.resolve("out.txt")),
                Files.readString(directory.resolve("err.txt")));
    }

    private static <T> T eventually(String what, Callable<Optional<T>> look) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < end) {
            Optional<T> seen = look.call();
            if (seen.isPresent()) {
                return seen.get();
            }
            Thread.sleep(20);
        }
        throw new AssertionError(what + " did not happen");
    }

    private static void signal(String name, ProcessHandle process) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("/bin/kill", "-" + name, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    /** Waits for a fork whose benchmark runs: it has written its first phase. */
    private ProcessHandle fork(Process host, String log) throws Exception {
        return eventually("fork " + log, () -> {
            assertThat(host.isAlive()).as(() -> output()).isTrue();
            if (begun().filter(run -> Files.exists(run.resolve("logs").resolve(log + ".memory.json")))
                    .isEmpty()) {
                return Optional.empty();
            }
            return host.children()
                    .filter(child -> child.info().commandLine().orElse("").contains("ForkedMain"))
                    .findFirst();
        });
    }

    private String output() {
        return String.join("\n", lines(directory.resolve("out.txt")))
                + String.join("\n", lines(directory.resolve("err.txt")));
    }

    /** The folder of the run, once it exists. Its files may still come and go. */
    private Optional<Path> begun() throws IOException {
        Path results = directory.resolve("results");
        if (!Files.exists(results)) {
            return Optional.empty();
        }
        try (Stream<Path> runs = Files.list(results)) {
            return runs.findFirst();
        }
    }

    private Path onlyRun() throws IOException {
        return RunFiles.in(directory.resolve("results")).folder();
    }

    private JsonNode json() throws IOException {
        return new RunFiles(onlyRun()).json("run.json");
    }

    private static List<String> texts(JsonNode cells, String field) {
        List<String> texts = new ArrayList<>();
        cells.forEach(cell -> texts.add(cell.path(field).asText()));
        return texts;
    }

    @Test
    void runResumesAfterCtrlC() throws Exception {
        Process host = start(
                "run",
                "--benchmark=NativeCall|TokenGen",
                "--model=" + MODEL,
                "--context=64",
                "--forks=2",
                "--warmup=0",
                "--iterations=1",
                "--time=1s");
        Path journal = eventually("a fork in the journal", () -> begun().map(run -> run.resolve("journal.jsonl"))
                .filter(file -> Files.exists(file) && lines(file).size() >= 2));
        signal("INT", host.toHandle());
        Result broken = end(host);

        assertThat(broken.exit()).as(broken.toString()).isEqualTo(130);
        assertThat(broken.out())
                .contains(
                        "cancelled",
                        "Continue with run --resume results" + File.separator
                                + onlyRun().getFileName());
        assertThat(json().has("ended")).isFalse();
        List<String> before = lines(journal);
        assertThat(before.size()).isBetween(2, 4);

        Result other = new HeadroomProcess()
                .run(directory, "run", "--resume", onlyRun().toString(), "--time=2s");
        assertThat(other.exit()).as(other.toString()).isEqualTo(2);
        assertThat(other.err()).contains("plan's time was 1s and is 2s");

        Result resumed = new HeadroomProcess()
                .run(directory, "run", "--resume", onlyRun().toString());
        assertThat(resumed.exit()).as(resumed.toString()).isZero();
        assertThat(lines(journal)).hasSize(5).startsWith(before.toArray(String[]::new));
        assertThat(texts(json().get("cells"), "status")).containsExactly("ok", "ok");
        assertThat(json().has("ended")).isTrue();

        List<String> whole = lines(journal);
        Result again = new HeadroomProcess()
                .run(directory, "run", "--resume", onlyRun().toString());
        assertThat(again.exit()).as(again.toString()).isZero();
        assertThat(lines(journal)).isEqualTo(whole);
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Each fork but the last gets another signal. The last cell is measured all the same. */
    @Test
    void killedForkIsAResultAndTheNextCellIsMeasured() throws Exception {
        Process host = start(
                "run",
                "--benchmark=TokenGen|ModelLoad|ContextC|NativeCall",
                "--model=" + MODEL,
                "--context=64",
                "--forks=1",
                "--warmup=0",
                "--iterations=100000",
                "--time=1s",
                "--param=NativeCall.iterations=1");
        signal("KILL", fork(host, "TokenGeneration-" + MODEL + "-64.1"));
        signal("SEGV", fork(host, "ModelLoad-" + MODEL + ".1"));
        signal("ABRT", fork(host, "ContextCreation-" + MODEL + "-64.1"));
        Result result = end(host);

        assertThat(result.exit()).as(result.toString()).isEqualTo(3);
        assertThat(texts(json().get("cells"), "status")).containsExactly("crashed", "crashed", "crashed", "ok");
        assertEnded(result, 0, "crashed", "Another process ended the fork with signal 9 (SIGKILL)");
        assertEnded(result, 1, "crashed", "crashed with SIGSEGV in ");
        assertEnded(result, 2, "crashed", "signal 6 (SIGABRT)");
        try (Stream<Path> files = Files.walk(onlyRun())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .contains("ModelLoad-" + MODEL + ".1.hs_err.txt")
                    .filteredOn(name -> name.endsWith(".hs_err.txt"))
                    .hasSize(1);
        }
        assertNothingIsLeft();
    }

    @Test
    void stoppedForkIsATimeoutAndTheNextCellIsMeasured() throws Exception {
        Process host = start(
                "run",
                "--benchmark=ModelLoad|NativeCall",
                "--model=" + MODEL,
                "--forks=1",
                "--warmup=0",
                "--iterations=1",
                "--time=1s",
                "--param=ModelLoad.iterations=100000",
                "--param=stallLimit=8s",
                "--param=NativeCall.stallLimit=1m");
        signal("STOP", fork(host, "ModelLoad-" + MODEL + ".1"));
        Result result = end(host);

        assertThat(result.exit()).as(result.toString()).isEqualTo(3);
        assertThat(texts(json().get("cells"), "status")).containsExactly("timeout", "ok");
        assertEnded(result, 0, "timeout", "It made no progress for 8 s");
        assertNothingIsLeft();
    }

    /** The cell has this status and reason in {@code run.json}, on the console and in {@code cells.csv}. */
    private void assertEnded(Result result, int cell, String status, String reason) throws IOException {
        assertThat(json().at("/cells/" + cell + "/reason").asText()).contains(reason);
        assertThat(result.out()).contains(status + ": ").contains(reason);
        assertThat(Files.readString(onlyRun().resolve("cells.csv"))).contains(reason);
    }

    private void assertNothingIsLeft() throws IOException {
        try (Stream<Path> files = Files.walk(onlyRun())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .noneMatch(name -> name.startsWith("core") || name.endsWith(".heartbeat"));
        }
    }

    @Test
    void forkBeyondItsTimeLimitIsEndedAndItsThreadsAreKept() throws Exception {
        Process host = start(
                "run",
                "--benchmark=NativeCall",
                "--forks=1",
                "--warmup=0",
                "--iterations=100",
                "--time=10s",
                "--param=timeLimit=6s");
        Result result = end(host);

        assertThat(result.exit()).as(result.toString()).isEqualTo(3);
        JsonNode cell = json().at("/cells/0");
        assertThat(cell.get("status").asText()).isEqualTo("timeout");
        assertThat(cell.get("reason").asText()).contains("had not ended after 6 s", "timeLimit");
        if (Files.exists(Path.of(System.getProperty("java.home"), "bin", "jcmd"))) {
            assertThat(Files.readString(onlyRun().resolve("logs").resolve("NativeCall.1.threads.txt")))
                    .contains("NativeCall");
        }
    }

    @Test
    void forkThatWasStoppedForAWhileIsMeasuredAgain() throws Exception {
        Process host = start("run", "--benchmark=NativeCall", "--forks=1", "--warmup=0", "--iterations=3", "--time=1s");
        ProcessHandle fork = fork(host, "NativeCall.1");
        signal("STOP", fork);
        Thread.sleep(1500);
        signal("CONT", fork);
        Result result = end(host);

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(result.err()).contains("measured again, because the process was stopped from outside");
        assertThat(json().get("warnings").toString()).contains("measured again");
        assertThat(lines(onlyRun().resolve("journal.jsonl"))).hasSize(2);
    }

    @Test
    void forkEndsWhenItsHostIsKilled() throws Exception {
        Process host =
                start("run", "--benchmark=NativeCall", "--forks=1", "--warmup=0", "--iterations=100", "--time=10s");
        ProcessHandle fork = fork(host, "NativeCall.1");
        signal("KILL", host.toHandle());

        assertThat(fork.onExit().get(30, TimeUnit.SECONDS).isAlive()).isFalse();
    }

    @Test
    void secondRunAtTheSameTimeIsRefused() throws Exception {
        Process host =
                start("run", "--benchmark=NativeCall", "--forks=1", "--warmup=0", "--iterations=100", "--time=10s");
        fork(host, "NativeCall.1");

        Result second = new HeadroomProcess().run(directory, "run", "--benchmark=NativeCall");
        assertThat(second.exit()).as(second.toString()).isEqualTo(2);
        assertThat(second.err())
                .contains("Another benchmark is running on this machine (plan quick, process " + host.pid() + ", ");
        onlyRun();
        signal("TERM", host.toHandle());
        assertThat(end(host).exit()).isEqualTo(143);
        assertThat(json().at("/cells/0/status").asText()).isEqualTo("cancelled");
    }

    /** The control group has less memory than the first cell needs. The check by arithmetic lets that cell pass. */
    @Test
    void forkThatTheKernelKillsForLackOfMemoryIsOutOfMemory() throws Exception {
        Path version1 = Path.of("/sys/fs/cgroup/memory");
        Path group = (Files.isDirectory(version1) ? version1 : Path.of("/sys/fs/cgroup")).resolve("headroom-it");
        String limit = Files.isDirectory(version1) ? "memory.limit_in_bytes" : "memory.max";
        assumeTrue(group.toFile().mkdir(), "this user may not make a control group");
        try {
            assumeTrue(Files.isWritable(group.resolve(limit)), "control groups do not limit memory here");
            Files.writeString(group.resolve(limit), Long.toString(270L << 20), StandardOpenOption.WRITE);
            Process host = new HeadroomProcess()
                    .before("/bin/sh", "-c", "echo $$ > " + group.resolve("cgroup.procs") + " && exec \"$@\"", "sh")
                    .start(
                            directory,
                            directory.resolve("out.txt"),
                            directory.resolve("err.txt"),
                            "run",
                            "--benchmark=TokenGen|NativeCall",
                            "--model=synthetic-smollm2-135m-q4_0",
                            "--context=4096",
                            "--forks=1",
                            "--warmup=0",
                            "--iterations=1",
                            "--time=200ms");
            started.add(host);
            Result result = end(host);

            assertThat(result.exit()).as(result.toString()).isEqualTo(3);
            assertThat(texts(json().get("cells"), "status")).containsExactly("oom", "ok");
            assertThat(json().at("/cells/0/reason").asText())
                    .contains(
                            "The kernel killed the process because memory ran out", "in this control group rose by 1");
        } finally {
            nothingStays();
            Files.delete(group);
        }
    }

    /** llama.cpp maps the weights from the file. They do not stay in a control group with less memory. */
    @Test
    void modelLargerThanTheControlGroupCrawlsAndIsASpill() throws Exception {
        Path group = Path.of("/sys/fs/cgroup/memory/headroom-spill-it");
        assumeTrue(group.toFile().mkdir(), "this user may not make a control group of version 1");
        try {
            Files.writeString(group.resolve("memory.limit_in_bytes"), Long.toString(220L << 20));
            Process host = new HeadroomProcess()
                    .javaOption("-Xmx64m")
                    .before("/bin/sh", "-c", "echo $$ > " + group.resolve("cgroup.procs") + " && exec \"$@\"", "sh")
                    .start(
                            directory,
                            directory.resolve("out.txt"),
                            directory.resolve("err.txt"),
                            "run",
                            "--benchmark=TokenGen",
                            "--model=synthetic-smollm2-135m-f16",
                            "--context=64",
                            "--forks=1",
                            "--warmup=0",
                            "--iterations=1",
                            "--time=1s");
            started.add(host);
            Result result = end(host);

            assertThat(result.exit()).as(result.toString()).isZero();
            assertThat(json().at("/cells/0/spill/verdict").asText()).isEqualTo("spilled");
            assertThat(result.out()).contains("ok, spill: spilled");
            assertThat(result.err()).contains("The model left its memory in 1 cell");
        } finally {
            nothingStays();
            Files.delete(group);
        }
    }

    /** The address space has a limit: without one, malloc on Linux promises memory that does not exist. */
    @Test
    void refusedAllocationIsOutOfMemory() throws Exception {
        Process host = new HeadroomProcess()
                .limitAddressSpace()
                .start(
                        directory,
                        directory.resolve("out.txt"),
                        directory.resolve("err.txt"),
                        "run",
                        "--benchmark=ContextCreation",
                        "--model=synthetic-smollm2-135m-q4_0",
                        "--context=64,400000",
                        "--forks=1",
                        "--warmup=0",
                        "--iterations=1");
        started.add(host);
        Result result = end(host);

        assertThat(result.exit()).as(result.toString()).isEqualTo(3);
        assertThat(texts(json().get("cells"), "status")).containsExactly("ok", "oom");
        assertThat(json().at("/cells/1/reason").asText()).containsPattern("alloc");
    }
}
