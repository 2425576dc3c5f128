package dev.headroom.environment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** A machine made of captured texts, in a folder. */
final class FakeMachine {
    private final Path root;
    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> variables = new HashMap<>();
    private final Map<String, String> outputs = new HashMap<>();
    private int processors = 8;

    private FakeMachine(Path root, String os, String version, String arch) {
        this.root = root;
        property("os.name", os).property("os.version", version).property("os.arch", arch);
        property("java.vm.name", "OpenJDK 64-Bit Server VM").property("java.vm.version", "17.0.15+6");
        property("java.vm.vendor", "Eclipse Adoptium");
    }

    /** Linux, with the kernel's release, in the namespaces that the kernel starts with. */
    static FakeMachine linux(Path root, String kernel) {
        return new FakeMachine(root, "Linux", kernel, "amd64")
                .file("proc/sys/kernel/osrelease", kernel + "\n")
                .file("proc/self/mountinfo", "22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw\n")
                .link("proc/self/ns/pid", "pid:[4026531836]")
                .link("proc/self/ns/user", "user:[4026531837]")
                .link("proc/self/ns/cgroup", "cgroup:[4026531835]");
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

    /** What a program prints whose command line contains a text. */
    FakeMachine output(String command, String text) {
        outputs.put(command, text);
        return this;
    }

    /** Namespaces of its own, as in any container. */
    FakeMachine isolated() {
        return link("proc/self/ns/pid", "pid:[4026532587]").link("proc/self/ns/cgroup", "cgroup:[4026532588]");
    }

    /** An Intel desktop processor, 4 cores and 8 threads. */
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
        return new Machine(
                root,
                properties,
                variables,
                command -> outputs.entrySet().stream()
                        .filter(entry -> String.join(" ", command).contains(entry.getKey()))
                        .flatMap(entry -> entry.getValue().lines())
                        .toList(),
                processors,
                OptionalLong.of(16L << 30));
    }

    Environment detect() {
        return Environment.detect(machine());
    }
}
