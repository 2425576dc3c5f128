package dev.headroom.environment;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;

/** A machine whose files are captured texts in a folder. */
final class FakeMachine {
    private static final Path CAPTURED = Path.of("src/test/resources/dev/headroom/environment");
    private static final String PROPERTIES = "machine.properties";
    private static final String HIVE = "HKEY_LOCAL_MACHINE";

    private final Path root;
    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> variables = new HashMap<>();
    private final Map<String, String> outputs = new HashMap<>();
    private int processors = 8;
    private WindowsKernel windowsKernel = new WindowsKernel(0, List.of(), 0, 0);

    private FakeMachine(Path root, String os, String version, String arch) {
        this.root = root;
        property("os.name", os).property("os.version", version).property("os.arch", arch);
        property("java.vm.name", "OpenJDK 64-Bit Server VM").property("java.vm.version", "17.0.15+6");
        property("java.vm.vendor", "Eclipse Adoptium");
    }

    /** A Linux machine with this kernel release, in the initial namespaces. */
    static FakeMachine linux(Path root, String kernel) {
        return new FakeMachine(root, "Linux", kernel, "amd64")
                .file("proc/sys/kernel/osrelease", kernel + "\n")
                .file("proc/self/mountinfo", "22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw\n")
                .link("proc/self/ns/pid", "pid:[4026531836]")
                .link("proc/self/ns/user", "user:[4026531837]")
                .link("proc/self/ns/cgroup", "cgroup:[4026531835]");
    }

    /** A copy of a machine in {@code src/test/resources}, which a test may change. README.md there has the format. */
    static FakeMachine captured(Path root, String name) {
        Path folder = CAPTURED.resolve(name);
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(folder.resolve(PROPERTIES));
                Stream<Path> paths = Files.walk(folder)) {
            properties.load(reader);
            FakeMachine machine = new FakeMachine(
                    root,
                    properties.getProperty("os.name"),
                    properties.getProperty("os.version"),
                    properties.getProperty("os.arch"));
            machine.processors(Integer.parseInt(properties.getProperty("processors")));
            for (Path file : paths.filter(Files::isRegularFile).toList()) {
                String path =
                        folder.relativize(file).toString().replace('\\', '/').replace("%3A", ":");
                String text = Files.readString(file);
                if (path.startsWith("reg/")) {
                    machine.registry(text);
                } else if (path.endsWith(".txt")) {
                    machine.output(path.replace(".txt", ""), text);
                } else if (!path.equals(PROPERTIES)) {
                    machine.file(path, text);
                }
            }
            for (String property : properties.stringPropertyNames()) {
                String value = properties.getProperty(property);
                if (property.startsWith("link.")) {
                    machine.link(property.substring("link.".length()), value);
                } else if (property.startsWith("variable.")) {
                    machine.variable(property.substring("variable.".length()), value);
                }
            }
            return machine;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<String> captured() {
        try (Stream<Path> machines = Files.list(CAPTURED)) {
            return machines.filter(Files::isDirectory)
                    .map(machine -> machine.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static FakeMachine windows(Path root) {
        return new FakeMachine(root, "Windows 11", "10.0", "amd64");
    }

    static FakeMachine other(Path root, String os, String version, String arch) {
        return new FakeMachine(root, os, version, arch);
    }

    FakeMachine file(String path, String text) {
        try {
            Files.createDirectories(root.resolve(path).resolve("..").normalize());
            Files.writeString(root.resolve(path), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    FakeMachine link(String path, String target) {
        try {
            Files.createDirectories(root.resolve(path).resolve("..").normalize());
            Files.deleteIfExists(root.resolve(path));
            Files.createSymbolicLink(root.resolve(path), Path.of(target));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    FakeMachine property(String name, String value) {
        properties.put(name, value);
        return this;
    }

    FakeMachine variable(String name, String value) {
        variables.put(name, value);
        return this;
    }

    FakeMachine processors(int processors) {
        this.processors = processors;
        return this;
    }

    FakeMachine windowsKernel(WindowsKernel kernel) {
        windowsKernel = kernel;
        return this;
    }

    /** Sets the output of a program. */
    FakeMachine output(String program, String text) {
        outputs.put(program, text);
        return this;
    }

    /** Sets the output of {@code reg query} for the key in the first line of the text. */
    FakeMachine registry(String text) {
        return output(text.strip().lines().findFirst().orElse("").toLowerCase(Locale.ROOT), text);
    }

    /** Removes all values of a registry key. */
    FakeMachine noRegistry(String key) {
        return output((HIVE + "\\" + key).toLowerCase(Locale.ROOT), "");
    }

    private List<String> run(List<String> command) {
        String program = command.get(0).substring(command.get(0).lastIndexOf('/') + 1);
        String asked =
                program.equals("reg") ? command.get(2).replace("HKLM", HIVE).toLowerCase(Locale.ROOT) : program;
        return outputs.getOrDefault(asked, "").lines().toList();
    }

    /** Gives the process its own namespaces, as in any container. */
    FakeMachine isolated() {
        return link("proc/self/ns/pid", "pid:[4026532587]").link("proc/self/ns/cgroup", "cgroup:[4026532588]");
    }

    /** Sets an Intel desktop processor with 4 cores and 8 threads. */
    FakeMachine desktopCpu(String moreFlags) {
        List<String> cpuinfo = new ArrayList<>();
        for (int cpu = 0; cpu < 8; cpu++) {
            cpuinfo.add(
                    """
                    processor\t: %d
                    vendor_id\t: GenuineIntel
                    cpu family\t: 6
                    model\t\t: 158
                    model name\t: Intel(R) Core(TM) i7-7700K CPU @ 4.20GHz
                    physical id\t: 0
                    siblings\t: 8
                    core id\t\t: %d
                    cpu cores\t: 4
                    flags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge%s avx2 smap
                    power management:
                    """
                            .formatted(cpu, cpu % 4, moreFlags));
        }
        return file("proc/cpuinfo", String.join("\n", cpuinfo));
    }

    FakeMachine dmi(String vendor, String product) {
        return file("sys/class/dmi/id/sys_vendor", vendor + "\n").file("sys/class/dmi/id/product_name", product + "\n");
    }

    Machine machine() {
        return new Machine(root, properties, variables, this::run, processors, 16L << 30, () -> windowsKernel);
    }

    Environment detect() {
        return Environment.detect(machine());
    }
}
