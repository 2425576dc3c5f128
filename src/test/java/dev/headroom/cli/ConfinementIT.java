package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.cli.HeadroomProcess.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run touches outside its own processes: sockets, and files by odd names. */
class ConfinementIT {
    private static final String MODEL = "synthetic-stories-15m-q8_0";
    private static final String[] SMALL = {"--context=64", "--warmup=0", "--iterations=1", "--forks=1"};

    /** Characters that a file name may have and that a shell, a JVM or JMH could misread. */
    private static final String ODD = "-a b'é日本%p\\\n\u0001$HOME;*?@";

    @TempDir
    Path directory;

    private final List<Process> started = new ArrayList<>();

    @BeforeEach
    void thisIsLinux() {
        assumeTrue(Files.exists(Path.of("/proc/net/tcp")), "there is no /proc/net");
    }

    @AfterEach
    void nothingStays() {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }

    private static String[] run(String... options) {
        return Stream.of(Stream.of("run"), Stream.of(SMALL), Stream.of(options))
                .flatMap(all -> all)
                .toArray(String[]::new);
    }

    /** The locale lacks the · that names of metrics begin with. */
    @Test
    void runListensOnLoopbackAndWritesToItsOwnFoldersInAnyLocale() throws Exception {
        Path home = folder("home");
        Path temp = folder("temp");
        Path work = folder("work");
        Path cache = directory.resolve("cache");
        Process host = new HeadroomProcess()
                .environment("HOME", home.toString())
                .environment("XDG_CACHE_HOME", "")
                .environment("HEADROOM_CACHE", cache.toString())
                .environment("LC_ALL", "C")
                .limitAddressSpace()
                .javaOption("-Duser.home=" + home)
                .javaOption("-Djava.io.tmpdir=" + temp)
                .before("/bin/sh", "-c", "umask 077 && exec \"$@\"", "sh")
                .start(
                        work,
                        directory.resolve("out"),
                        directory.resolve("err"),
                        run("--model=" + MODEL, "--benchmark=NativeCall|ContextC", "--time=300ms"));
        started.add(host);
        TreeSet<String> listening = new TreeSet<>();
        boolean forked = false;
        while (!host.waitFor(50, TimeUnit.MILLISECONDS)) {
            List<ProcessHandle> all = Stream.concat(Stream.of(host.toHandle()), host.descendants())
                    .toList();
            forked |= all.stream()
                    .anyMatch(process -> process.info().commandLine().orElse("").contains("ForkedMain"));
            for (ProcessHandle process : all) {
                listening.addAll(listening(process));
            }
        }
        String output = Files.readString(directory.resolve("out")) + Files.readString(directory.resolve("err"));

        assertThat(host.exitValue()).as(output).isZero();
        assertThat(forked).isTrue();
        assertThat(listening).isNotEmpty().allSatisfy(address -> assertThat(
                        InetAddress.getByName(address).isLoopbackAddress())
                .as(address)
                .isTrue());
        assertThat(home).isEmptyDirectory();
        assertThat(files(directory).stream().filter(file -> !file.startsWith("work/results/")))
                .satisfiesExactlyInAnyOrder(
                        file -> assertThat(file).isEqualTo("out"),
                        file -> assertThat(file).isEqualTo("err"),
                        file -> assertThat(file).isEqualTo("temp/jmh.lock"),
                        file -> assertThat(file).matches("cache/meters-[0-9a-f]{8}\\.json"),
                        file -> assertThat(file).isEqualTo("cache/" + MODEL + ".gguf"));
        try (Stream<Path> kept = Files.walk(cache);
                Stream<Path> made = Files.walk(work.resolve("results"))) {
            assertThat(Stream.concat(kept, made))
                    .allSatisfy(file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                            .as(file.toString())
                            .isEqualTo(Files.isDirectory(file) ? "rwx------" : "rw-------"));
        }
        assertThat(Files.readString(RunFiles.in(work.resolve("results")).file("run.json")))
                .contains("·ram.peak")
                .doesNotContain("?ram");
    }

    /** The addresses on which a process accepts connections, from /proc/net/tcp and tcp6, see proc_pid_net(5). */
    private static List<String> listening(ProcessHandle process) {
        Path proc = Path.of("/proc", Long.toString(process.pid()));
        List<String> addresses = new ArrayList<>();
        try (Stream<Path> open = Files.list(proc.resolve("fd"))) {
            List<String> inodes = new ArrayList<>();
            for (Path file : open.toList()) {
                String link = Files.readSymbolicLink(file).toString();
                if (link.startsWith("socket:[")) {
                    inodes.add(link.substring("socket:[".length(), link.length() - 1));
                }
            }
            for (String table : List.of("tcp", "tcp6")) {
                for (String line : Files.readAllLines(proc.resolve("net").resolve(table))) {
                    String[] fields = line.strip().split("\\s+", -1);
                    if (fields[3].equals("0A") && inodes.contains(fields[9])) {
                        addresses.add(address(fields[1].split(":", -1)[0]));
                    }
                }
            }
        } catch (IOException | java.io.UncheckedIOException e) {
            return addresses; // the process has ended, or has closed a file
        }
        return addresses;
    }

    /** Decodes words of 32 bits in this machine's byte order: little-endian wherever llama.cpp has packages. */
    private static String address(String hex) throws IOException {
        byte[] bytes = HexFormat.of().parseHex(hex);
        byte[] turned = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            turned[i] = bytes[i - i % 4 + 3 - i % 4];
        }
        return InetAddress.getByAddress(turned).getHostAddress();
    }

    private static List<String> files(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> root.relativize(file).toString())
                    .toList();
        }
    }

    @Test
    void oddNamesOfFilesWorkEverywhere() throws Exception {
        Path work = folder("work");
        Path libraries = directory.resolve(ODD + "\"libraries");
        Files.createSymbolicLink(libraries, natives());
        Files.copy(model(), work.resolve(ODD + ".gguf"));
        String out = ODD + "\"out";

        Result result = new HeadroomProcess()
                .environment("LC_ALL", "C.UTF-8")
                .limitAddressSpace()
                .run(
                        work,
                        run(
                                "--llama=../" + libraries.getFileName(),
                                "--model=" + ODD + ".gguf",
                                "--out=" + out,
                                "--benchmark=ContextC",
                                "--time=100ms"));

        assertThat(result.exit()).as(result.toString()).isZero();
        Path run;
        try (Stream<Path> runs = Files.list(work.resolve(out))) {
            run = runs.findFirst().orElseThrow();
        }
        JsonNode json = new ObjectMapper().readTree(run.resolve("run.json").toFile());
        assertThat(json.at("/models/0/path").asText())
                .isEqualTo(work.resolve(ODD + ".gguf").toString());
        assertThat(Path.of(json.at("/llama/library").asText()).normalize().startsWith(libraries))
                .isTrue();
        assertThat(Files.readString(run.resolve("cells.csv"))).contains("ok");
        assertThat(new ObjectMapper()
                        .readTree(
                                Files.readAllLines(run.resolve("journal.jsonl")).get(0)))
                .isNotNull();
        try (Stream<Path> all = Files.list(work)) {
            assertThat(all.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder(ODD + ".gguf", out);
        }

        Result resumed = new HeadroomProcess()
                .environment("LC_ALL", "C.UTF-8")
                .run(work, "run", "--resume", work.relativize(run).toString());
        assertThat(resumed.exit()).as(resumed.toString()).isZero();
        try (Stream<Path> runs = Files.list(work.resolve(out))) {
            assertThat(runs).hasSize(1);
        }
    }

    @Test
    void quotesInTheNameOfAModelAreRefused() throws Exception {
        Result result = new HeadroomProcess().run(directory, run("--model=./a\"b.gguf"));

        assertThat(result.exit()).as(result.toString()).isEqualTo(2);
        assertThat(result.err().lines()).singleElement().asString().contains("stray quotation mark");
    }

    /** In the locale C, Java 17 replaces every byte beyond ASCII by ? before Headroom's code runs. */
    @Test
    void nameThatTheLocaleCannotReadIsRefused() throws Exception {
        Path work = folder("café");
        List<Map.Entry<Path, String[]>> tries = List.of(
                Map.entry(directory, run("--out=café")),
                Map.entry(directory, run("--llama=café")),
                Map.entry(directory, run("--model=./café.gguf")),
                Map.entry(directory, run("--plan=./café.properties")),
                Map.entry(directory, new String[] {"run", "--resume=café"}),
                Map.entry(work, run()));
        for (Map.Entry<Path, String[]> each : tries) {
            Result result = new HeadroomProcess().environment("LC_ALL", "C").run(each.getKey(), each.getValue());

            assertThat(result.exit()).as(result.toString()).isEqualTo(2);
            assertThat(result.err().lines()).singleElement().asString().contains("locale", "LC_ALL=C.UTF-8");
        }
        assertThat(files(directory)).isEmpty();
        try (Stream<Path> all = Files.list(directory)) {
            assertThat(all).containsExactly(work);
        }
    }

    private static Path model() throws Exception {
        Path model = HeadroomProcess.CACHE.resolve(MODEL + ".gguf");
        if (!Files.exists(model)) {
            assertThat(new HeadroomProcess()
                            .run(Path.of("").toAbsolutePath(), "model", "make", MODEL)
                            .exit())
                    .isZero();
        }
        return model;
    }

    private static Path natives() throws IOException {
        Path modules = Path.of("natives", System.getProperty("headroom.natives", "vulkan"), "node_modules")
                .toAbsolutePath();
        try (Stream<Path> all = Files.walk(modules.resolve("@node-llama-cpp"))) {
            return all.filter(file -> file.getFileName().toString().startsWith("libllama."))
                    .filter(file -> file.toString().contains("linux-x64"))
                    .findFirst()
                    .map(Path::getParent)
                    .orElseThrow();
        }
    }
}
