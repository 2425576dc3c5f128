package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.cli.HeadroomProcess.Result;
import dev.headroom.memory.FakeNvml;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * One run in several environments. Some are real, if this machine has them; scripts stand in for {@code wsl.exe} and
 * for Windows.
 */
@EnabledOnOs(OS.LINUX)
class EnvironmentsIT {
    private static final String MODEL = "synthetic-stories-15m-q8_0";
    private static String here = "";

    @TempDir
    Path directory;

    private Path profiles = Path.of("");

    @BeforeAll
    static void detect(@TempDir Path somewhere) throws IOException, InterruptedException {
        Result result = new HeadroomProcess().run(somewhere, "environment", "--json");
        here = new ObjectMapper().readTree(result.out()).path("name").asText();
    }

    @BeforeEach
    void folder() throws IOException {
        profiles = Files.createDirectories(directory.resolve("profiles/environments"));
    }

    private void profile(String name, String... lines) throws IOException {
        Files.writeString(profiles.resolve(name + ".properties"), String.join("\n", lines));
    }

    private Path script(String name, String... lines) throws IOException {
        Path bin = Files.createDirectories(directory.resolve("bin"));
        Path file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + String.join("\n", lines) + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return file;
    }

    private HeadroomProcess headroom() throws IOException {
        return new HeadroomProcess()
                .javaOption("-Djava.io.tmpdir=" + Files.createDirectories(directory.resolve("tmp")))
                .environment("PATH", directory.resolve("bin") + ":" + System.getenv("PATH"));
    }

    /** Arguments of a run that uses a model. */
    private static String[] run(String environments, int forks, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("--benchmark=TokenGeneration", "--model=" + MODEL, "--context=64"));
        arguments.addAll(List.of(more));
        return arguments(environments, forks, arguments);
    }

    /** Arguments of a run without a model, for tests of the ways into an environment. */
    private static String[] quickRun(String environments, int forks) {
        return arguments(environments, forks, List.of("--benchmark=NativeCall"));
    }

    private static String[] arguments(String environments, int forks, List<String> more) {
        List<String> arguments = new ArrayList<>(List.of(
                "run",
                "--environment=" + environments,
                "--forks=" + forks,
                "--warmup=0",
                "--iterations=1",
                "--time=100ms"));
        arguments.addAll(more);
        return arguments.toArray(String[]::new);
    }

    private RunFiles files() throws IOException {
        return RunFiles.in(directory.resolve("results"));
    }

    private List<String> forks() throws IOException {
        List<String> forks = new ArrayList<>();
        for (String line : Files.readAllLines(files().file("journal.jsonl"))) {
            JsonNode node = new ObjectMapper().readTree(line);
            if (node.has("cell")) {
                forks.add(node.path("cell").asText().replaceAll(".*environment_", "") + " "
                        + node.path("status").asText());
            }
        }
        return forks;
    }

    private JsonNode cell(String environment) throws IOException {
        for (JsonNode cell : files().json("run.json").path("cells")) {
            if (cell.path("params").path("environment").asText().equals(environment)) {
                return cell;
            }
        }
        throw new AssertionError("no cell in " + environment);
    }

    @Test
    void environmentsTakeTurns() throws Exception {
        profile(here + "-a", "kind=command", "prefix=env,PLACE=a b");
        profile(here + "-b", "kind=local");

        Result result = headroom().run(directory, run(here + "-a," + here + "-b", 2));

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(forks()).containsExactly(here + "-a ok", here + "-b ok", here + "-b ok", here + "-a ok");
        JsonNode json = files().json("run.json");
        assertThat(json.path("environment").path("name").asText()).isEqualTo(here);
        assertThat(json.path("places")
                        .path(here + "-b")
                        .path("environment")
                        .path("name")
                        .asText())
                .isEqualTo(here);
        assertThat(cell(here + "-a").path("samples").size()).isEqualTo(2);
        assertThat(cell(here + "-a").path("prediction").path("parts").size()).isPositive();
        for (String environment : List.of(here + "-a", here + "-b")) {
            assertThat(files().file("logs/TokenGeneration-" + MODEL + "-64-environment_" + environment
                            + ".2.llama.txt"))
                    .isNotEmptyFile();
        }
        assertThat(result.out()).contains("environment  " + here + "-a\n", "environment  " + here + "-b\n");
        assertNothingIsLeft();
    }

    @Test
    void currentEnvironmentIsNotEnteredAgain() throws Exception {
        profile(here, "kind=wsl", "home=/nowhere");

        Result result = headroom().run(directory, quickRun(here, 1));

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(forks()).containsExactly(here + " ok");
    }

    /** One environment has no driver. The host measures the card for both environments, with the same meter. */
    @Test
    void cardIsMeasuredFromTheHost() throws Exception {
        assumeFalse(Files.exists(Path.of("/usr/lib/wsl/lib/libnvidia-ml.so.1")), "there is NVIDIA's own driver");
        String driver = Path.of(FakeNvml.build("from-outside", "FORKS=(700*MIB)"))
                .resolveSibling("")
                .toString();
        profile(here + "-a", "kind=command", "prefix=env,PLACE=a");
        profile(here + "-b", "kind=command", "prefix=env,-u,LD_LIBRARY_PATH");

        Result result = headroom()
                .limitAddressSpace(7_000_000)
                .environment("LD_LIBRARY_PATH", driver)
                .environment("FAKE_FORKS", directory.toString())
                .run(directory, quickRun(here + "-a," + here + "-b", 2));

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(result.out()).containsPattern("(?m)^NativeCall +" + here + "-b .* 1724\\.0 ");
        assertThat(cell(here + "-a").path("metrics").has("·vram.peak")).isTrue();
        assertThat(cell(here + "-b").path("metrics").has("·vram.peak")).isFalse();
        for (String environment : List.of(here + "-a", here + "-b")) {
            assertThat(cell(environment).path("samples")).hasSize(2).allSatisfy(fork -> {
                assertThat(fork.at("/metrics/·vram.host.baseline").asDouble()).isEqualTo(1024);
                assertThat(fork.at("/metrics/·vram.host.peak").asDouble()).isEqualTo(1724);
            });
        }
        Result compared = headroom()
                .run(directory, "compare", "--json", files().file("run.json").toString());
        JsonNode comparison = new ObjectMapper().readTree(compared.out());
        assertThat(comparison.path("differences"))
                .filteredOn(
                        difference -> difference.at("/measure/name").asText().equals("·vram.host.peak"))
                .singleElement()
                .satisfies(difference -> {
                    assertThat(difference.path("headline").asBoolean()).isTrue();
                    assertThat(difference.path("meter").asText()).isEqualTo("nvml.device");
                    assertThat(difference.path("difference").asDouble()).isZero();
                });
        assertThat(comparison.at("/taxes/0/memory").asText()).isEqualTo("vram");
    }

    @Test
    void lostDeviceOnTheHostIsAWarning() throws Exception {
        assumeFalse(Files.exists(Path.of("/usr/lib/wsl/lib/libnvidia-ml.so.1")), "there is NVIDIA's own driver");
        String driver = Path.of(FakeNvml.build("lost-outside", "LOST_AT=1500"))
                .resolveSibling("")
                .toString();
        profile(here + "-b", "kind=command", "prefix=env,-u,LD_LIBRARY_PATH");

        Result result = headroom()
                .limitAddressSpace(7_000_000)
                .environment("LD_LIBRARY_PATH", driver)
                .run(directory, quickRun(here + "-b", 1));

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(cell(here + "-b").path("metrics").has("·vram.host.peak")).isFalse();
        assertThat(files().json("run.json").path("warnings"))
                .anySatisfy(warning -> assertThat(warning.asText()).contains("stopped answering", "·vram.host.peak"));
    }

    private void assertNothingIsLeft() throws IOException {
        try (Stream<Path> left = Files.list(directory.resolve("tmp"))) {
            assertThat(left.map(file -> String.valueOf(file.getFileName()))).containsExactly("jmh.lock");
        }
    }

    @Test
    void labelThatContradictsTheFactsIsAnError() throws Exception {
        profile("wsl2", "kind=command", "prefix=env");

        Result result = headroom().run(directory, quickRun("local,wsl2", 1));

        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err())
                .contains("Environment wsl2 cannot be entered: Environment wsl2 in the plan is really " + here);
        Result unknown = headroom().run(directory, quickRun("wsl3", 1));
        assertThat(unknown.exit()).isEqualTo(2);
        assertThat(unknown.err()).contains("wsl3", here);
        assertThat(directory.resolve("results")).doesNotExist();
    }

    @Test
    void messageOfAnEnvironmentThatCannotBeEnteredIsShown() throws Exception {
        profile(here + "-a", "kind=command", "prefix=no-such-program");
        Result missing = headroom().run(directory, quickRun(here + "-a", 1));
        assertThat(missing.exit()).isEqualTo(2);
        assertThat(missing.err()).contains("no-such-program could not be started");

        script("wsl.exe", "echo There is no distribution with the supplied name. >&2", "exit 255");
        profile(here + "-w", "kind=wsl", "distribution=Nix", "home=/h");
        Result refused = headroom().run(directory, quickRun(here + "-w", 1));
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err())
                .contains("cannot be entered: It ended with exit code 255, "
                        + "after \"There is no distribution with the supplied name.\"");
    }

    @Test
    void lostServerIsACrashAndOtherEnvironmentsGoOn() throws Exception {
        profile(here + "-a", "kind=command", "prefix=env");
        profile(here + "-b", "kind=local");
        Path out = directory.resolve("out");
        Process host =
                headroom().start(directory, out, out, run(here + "-a," + here + "-b", 1, "--param=ubatch=256,512"));
        Optional<ProcessHandle> inside = Optional.empty();
        while (host.isAlive() && inside.isEmpty()) {
            Thread.sleep(20);
            inside = host.children()
                    .filter(child ->
                            child.children().anyMatch(fork -> command(fork).contains("ForkedMain")))
                    .findFirst();
        }
        inside.orElseThrow(() -> new AssertionError(out)).destroyForcibly();
        host.waitFor(10, TimeUnit.MINUTES);

        assertThat(host.exitValue()).as(Files.readString(out)).isEqualTo(3);
        assertThat(forks())
                .containsExactly(
                        here + "-a-ubatch_256 crashed",
                        here + "-b-ubatch_256 ok",
                        here + "-a-ubatch_512 ok",
                        here + "-b-ubatch_512 ok");
        assertThat(cell(here + "-a").path("reason").asText())
                .contains("The connection to environment " + here + "-a was lost. It ended with signal 9 (SIGKILL)");
    }

    private static String command(ProcessHandle process) {
        return process.info().commandLine().orElse("");
    }

    @Test
    void runInSeveralEnvironmentsResumesAfterCtrlC() throws Exception {
        profile(here + "-a", "kind=command", "prefix=env");
        profile(here + "-b", "kind=local");
        Path out = directory.resolve("out");
        Process host = headroom().start(directory, out, out, quickRun(here + "-a," + here + "-b", 2));
        while (host.isAlive() && !(Files.exists(directory.resolve("results")) && journalHasAFork())) {
            Thread.sleep(50);
        }
        List<ProcessHandle> below = host.descendants().toList();
        new ProcessBuilder("/bin/kill", "-INT", Long.toString(host.pid()))
                .start()
                .waitFor();
        assertThat(host.waitFor(60, TimeUnit.SECONDS)).isTrue();

        assertThat(host.exitValue()).as(Files.readString(out)).isEqualTo(130);
        assertThat(below).isNotEmpty();
        for (ProcessHandle process : below) {
            process.onExit().get(30, TimeUnit.SECONDS);
        }
        assertNothingIsLeft();
        Result resumed = headroom().run(directory, "run", "--resume=" + directory.relativize(files().folder()));
        assertThat(resumed.exit()).as(resumed.toString()).isZero();
        assertThat(forks()).containsExactly(here + "-a ok", here + "-b ok", here + "-b ok", here + "-a ok");
    }

    private boolean journalHasAFork() throws IOException {
        try (Stream<Path> runs = Files.list(directory.resolve("results"))) {
            Optional<Path> journal = runs.map(run -> run.resolve("journal.jsonl"))
                    .filter(Files::exists)
                    .findFirst();
            return journal.isPresent() && Files.readAllLines(journal.get()).size() > 1;
        }
    }

    @Test
    void wslIsEnteredByItsProgramAndWindowsByItsJava() throws Exception {
        String home = bundle();
        script(
                "wsl.exe",
                "[ \"$#\" = 5 ] || { echo \"$# arguments\" >&2; exit 99; }",
                "[ \"$1 $2 $3 $4 $5\" = \"--distribution My Debian --exec " + home
                        + "/headroom serve\" ] || { echo \"$*\" >&2; exit 99; }",
                "shift 3",
                "exec \"$@\"");
        profile(here + "-w", "kind=wsl", "distribution=My Debian", "home=" + home);
        Path java = script(
                "java.exe",
                "[ \"$1 $2 $3\" = '-jar C:\\head room\\lib\\headroom.jar serve' ] || { echo \"$*\" >&2; exit 99; }",
                "exec " + System.getProperty("java.home") + "/bin/java -jar "
                        + Path.of("target/headroom.jar").toAbsolutePath() + " serve");
        profile(here + "-win", "kind=windows", "home=C:\\\\head room", "java=" + java);

        Result result = headroom().run(directory, quickRun(here + "-w," + here + "-win", 1));

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(forks()).containsExactly(here + "-w ok", here + "-win ok");
    }

    /** Makes a stand-in for an unpacked bundle: a folder with a program headroom. */
    private String bundle() throws IOException {
        script(
                "headroom",
                "exec " + System.getProperty("java.home") + "/bin/java -jar "
                        + Path.of("target/headroom.jar").toAbsolutePath() + " \"$@\"");
        return directory.resolve("bin").toString();
    }

    @Test
    void containerOfPodmanIsEntered() throws Exception {
        String root = System.getenv("HEADROOM_ROOTFS");
        assumeTrue(root != null && !root.isBlank(), "HEADROOM_ROOTFS names no root file system");
        Path conf = Files.writeString(directory.resolve("containers.conf"), "[containers]\ndefault_ulimits = []\n");
        profile(
                "container",
                "kind=container",
                "engine=podman",
                "engineOptions=--runtime,/usr/sbin/runc,--cgroup-manager,cgroupfs",
                "rootfs=" + root,
                "memory=2g",
                "options=--network,host");

        Result result = headroom()
                .environment("CONTAINERS_CONF", conf.toString())
                .environment("HEADROOM_CACHE", directory.resolve("new cache").toString())
                .run(directory, run("container,local", 2));

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(forks()).containsExactly("container ok", "local ok", "local ok", "container ok");
        JsonNode place = files().json("run.json"); // the facts of the first environment
        assertThat(place.path("environment").path("container").asText()).isEqualTo("podman");
        assertThat(place.path("environment").path("memoryLimitMiB").asText()).isEqualTo("2048");
        assertThat(place.path("environment").path("distribution").asText()).contains("Debian");
        Process left = new ProcessBuilder("podman", "ps", "--all", "--quiet").start();
        assertThat(new String(left.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isBlank();
    }

    @Test
    void sandboxOfBubblewrapIsEntered() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/bwrap")), "bubblewrap is not installed");
        profile(
                "unknown-linux-bwrap",
                "kind=command",
                "prefix=bwrap,--bind,/,/,--dev-bind,/dev,/dev,--unshare-pid,--proc,/proc,--die-with-parent,--");

        Result result = headroom().run(directory, run("local,unknown-linux-bwrap", 1));

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(forks()).containsExactly("local ok", "unknown-linux-bwrap ok");
    }

    @Test
    void otherMachineIsEnteredBySsh() throws Exception {
        String bundle = System.getenv("HEADROOM_BUNDLE");
        assumeTrue(bundle != null && !bundle.isBlank(), "HEADROOM_BUNDLE names no portable bundle");
        Path keys = Files.createDirectory(directory.resolve("keys"));
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rwx------"));
        for (String key : List.of("host", "user")) {
            new ProcessBuilder(
                            "ssh-keygen",
                            "-q",
                            "-t",
                            "ed25519",
                            "-N",
                            "",
                            "-f",
                            keys.resolve(key).toString())
                    .inheritIO()
                    .start()
                    .waitFor();
        }
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        Files.createDirectories(Path.of("/run/sshd"));
        Process server = new ProcessBuilder(
                        "/usr/sbin/sshd",
                        "-D",
                        "-e",
                        "-f",
                        "/dev/null",
                        "-h",
                        keys.resolve("host").toString(),
                        "-p",
                        Integer.toString(port),
                        "-o",
                        "ListenAddress=127.0.0.1",
                        "-o",
                        "PermitRootLogin=yes",
                        "-o",
                        "StrictModes=no",
                        "-o",
                        "AuthorizedKeysFile=" + keys.resolve("user.pub"))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("sshd.log").toFile())
                .start();
        try {
            profile(
                    here + "-ssh",
                    "kind=ssh",
                    "host=127.0.0.1",
                    "options=-p," + port + ",-i," + keys.resolve("user")
                            + ",-o,StrictHostKeyChecking=no,-o,UserKnownHostsFile=/dev/null",
                    "home=" + directory.resolve("over there"),
                    "cache=" + HeadroomProcess.CACHE,
                    "bundle=" + Path.of(bundle).toAbsolutePath());

            Result result = headroom().run(directory, run("local," + here + "-ssh", 1));

            assertThat(result.exit())
                    .as(result + Files.readString(directory.resolve("sshd.log")))
                    .isZero();
            assertThat(forks()).containsExactly("local ok", here + "-ssh ok");
            assertThat(files().json("run.json")
                            .path("places")
                            .path(here + "-ssh")
                            .path("llama")
                            .path("library")
                            .asText())
                    .startsWith(directory.resolve("over there").toString());
        } finally {
            server.destroy();
        }
    }
}
