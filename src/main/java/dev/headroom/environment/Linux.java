package dev.headroom.environment;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Detects Linux: on a machine, in WSL or in a container. */
final class Linux {
    /** The build date in gVisor's {@code /proc/version}, the same in all its versions. */
    private static final String GVISOR_DATE = "#1 SMP Sun Jan 10 15:06:54 PST 2016";

    /** For example {@code 5.15.167.4-microsoft-standard-WSL2}. Kernels before 2021 end with {@code standard}. */
    private static final Pattern STOCK_NAME =
            Pattern.compile("[0-9]+\\.[0-9]+\\.[0-9]+(\\.[0-9]+)?-microsoft-standard(-WSL2)?");

    private static final Pattern STOCK_BUILDER = Pattern.compile(" \\((root@[0-9a-f]{12}|oe-user@oe-host)\\) ");

    /** The source of the mount through which a Kata Containers guest gets its containers' files from the host. */
    private static final String KATA_MOUNT = "kataShared";

    private static final Pattern OS_RELEASE = Pattern.compile("\\s*([A-Z_]+)=(.*)");
    private static final Pattern MEMINFO = Pattern.compile("(\\w+):\\s*([0-9]{1,15}) kB\\s*");

    private Linux() {}

    static String detect(Machine machine, Facts facts) {
        Optional<String> kernel = machine.value("proc/sys/kernel/osrelease").or(() -> machine.property("os.version"));
        String version = machine.text("proc/version");
        Optional<String> wsl = wsl(machine, kernel.orElse(""));
        Optional<String> container = Container.runtime(machine);
        boolean gvisor = version.contains(GVISOR_DATE);
        List<PciDevice> devices = PciDevice.all(machine);
        Hardware hardware = Hardware.onLinux(machine, devices);
        List<String> cpuinfo = machine.lines("proc/cpuinfo");
        Optional<String> emulation = Cpu.emulation(machine, cpuinfo);

        facts.put("os", "Linux");
        facts.put("kernel", kernel.orElse(null));
        facts.put("bootId", machine.value("proc/sys/kernel/random/boot_id").orElse(null));
        facts.put("distribution", distribution(machine).orElse(null));
        facts.put("architecture", machine.properties().get("os.arch"));
        facts.put("emulation", emulation.orElse(null));
        facts.put("wsl", wsl.orElse(null));
        if (wsl.equals(Optional.of("2"))) {
            facts.put("wslKernel", wslKernel(kernel.orElse(""), version).orElse(null));
            facts.put("dxg", machine.exists("dev/dxg") ? "yes" : "no");
            WslConfig.putInto(facts, machine);
        }
        facts.put("sandbox", gvisor ? "gVisor" : sandbox(machine));
        facts.put("container", container.orElse(null));
        hardware.putInto(facts);
        cpu(machine, facts, cpuinfo);
        facts.put("cgroupVersion", Cgroup.version(machine).orElse(null));
        facts.put("cpuQuotaCores", Cgroup.cpuQuotaCores(machine).orElse(null));
        facts.put("cpuset", Cpu.cpuset(machine).orElse(null));
        facts.put("memoryLimitMiB", Cgroup.memoryLimitMiB(machine).orElse(null));
        List<String> meminfo = machine.lines("proc/meminfo");
        facts.put("memoryTotalMiB", mebibytes(meminfo, "MemTotal"));
        facts.put("memoryAvailableMiB", mebibytes(meminfo, "MemAvailable"));
        facts.put("pageCacheMiB", mebibytes(meminfo, "Cached"));
        facts.put("swapTotalMiB", mebibytes(meminfo, "SwapTotal"));
        MemorySettings.putInto(facts, machine, meminfo);
        Gpus.putInto(facts, machine, devices);
        Vulkan.putInto(facts, machine);

        if (gvisor) {
            return "gvisor";
        }
        if (container.isPresent()) {
            return wsl.map(number -> "container-wsl" + number).orElse("container");
        }
        if (wsl.isPresent()) {
            return "wsl" + wsl.get();
        }
        boolean direct = Container.isHost(machine) && emulation.isEmpty();
        return (direct ? hardware.kind() : Hardware.Kind.UNKNOWN).prefix() + "linux";
    }

    /**
     * The version of WSL. The names of Microsoft's kernels show it. With another kernel name, two of WSL's own files
     * and variables must exist: other Hyper-V guests also have {@code /dev/dxg}.
     */
    static Optional<String> wsl(Machine machine, String kernel) {
        if (kernel.contains("microsoft-standard") || kernel.contains("WSL2")) {
            return Optional.of("2");
        }
        if (kernel.endsWith("-Microsoft")) {
            return Optional.of("1");
        }
        long signs = Stream.of(
                        machine.exists("dev/dxg"),
                        machine.exists("run/WSL"),
                        machine.exists("usr/lib/wsl"), // libraries of the Windows driver, also in containers with a GPU
                        machine.exists("proc/sys/fs/binfmt_misc/WSLInterop"),
                        machine.variable("WSL_DISTRO_NAME").isPresent())
                .filter(sign -> sign)
                .count();
        return signs >= 2 ? Optional.of("2") : Optional.empty();
    }

    /**
     * The origin of a WSL2 kernel: {@code stock} (Microsoft's) or {@code custom}. Another name means custom.
     * Microsoft's name with Microsoft's builder (root in a container, or formerly oe-user) means stock. The name alone
     * proves nothing, as Microsoft's sources give it to every build; the result is then empty.
     */
    static Optional<String> wslKernel(String kernel, String version) {
        if (!STOCK_NAME.matcher(kernel).matches()) {
            return kernel.isEmpty() ? Optional.empty() : Optional.of("custom");
        }
        return STOCK_BUILDER.matcher(version).find() ? Optional.of("stock") : Optional.empty();
    }

    /** A confinement other than a container: a snap, or a virtual machine around the container. */
    private static @Nullable String sandbox(Machine machine) {
        if (Mount.all(machine).stream().anyMatch(mount -> mount.source().equals(KATA_MOUNT))) {
            return "Kata Containers";
        }
        return machine.text("proc/self/attr/current").startsWith("snap.") ? "Snap" : null;
    }

    private static Optional<String> distribution(Machine machine) {
        return distribution(machine.lines("etc/os-release"))
                .or(() -> distribution(machine.lines("usr/lib/os-release")));
    }

    /** {@code PRETTY_NAME} in {@code /etc/os-release}. */
    static Optional<String> distribution(List<String> osRelease) {
        for (String line : osRelease) {
            Matcher matcher = OS_RELEASE.matcher(line);
            if (matcher.matches() && "PRETTY_NAME".equals(matcher.group(1))) {
                return Optional.of(unquoted(matcher.group(2).strip()));
            }
        }
        return Optional.empty();
    }

    /** Removes quotes and backslashes as a shell does, as far as os-release(5) allows them. */
    private static String unquoted(String value) {
        boolean quoted = value.length() >= 2
                && (value.charAt(0) == '"' || value.charAt(0) == '\'')
                && value.charAt(value.length() - 1) == value.charAt(0);
        return quoted ? value.substring(1, value.length() - 1).replaceAll("\\\\([\"$`\\\\])", "$1") : value;
    }

    private static void cpu(Machine machine, Facts facts, List<String> cpuinfo) {
        facts.put("cpu", Cpu.model(cpuinfo).orElse(null));
        facts.put("cpuFeatures", Cpu.features(cpuinfo).orElse(null));
        facts.put("logicalCores", Cpu.logicalCores(cpuinfo).orElse(null));
        facts.put("physicalCores", Cpu.physicalCores(machine).orElse(null));
        facts.put("usableCores", machine.processors());
        facts.put("numaNodes", Cpu.numaNodes(machine).orElse(null));
        String cpufreq = "sys/devices/system/cpu/cpu0/cpufreq/";
        facts.put("governor", machine.value(cpufreq + "scaling_governor").orElse(null));
        facts.put(
                "cpuMaxMHz",
                megahertz(machine.text(cpufreq + "cpuinfo_max_freq")).orElse(null));
    }

    private static @Nullable Long mebibytes(List<String> meminfo, String key) {
        return kibibytes(meminfo, key).map(kibibytes -> kibibytes / 1024).orElse(null);
    }

    /** Finds a value of {@code /proc/meminfo}. Its unit is KiB, although the file says kB. */
    static Optional<Long> kibibytes(List<String> meminfo, String key) {
        for (String line : meminfo) {
            Matcher matcher = MEMINFO.matcher(line);
            if (matcher.matches() && key.equals(matcher.group(1))) {
                return Optional.of(Long.valueOf(matcher.group(2)));
            }
        }
        return Optional.empty();
    }

    /** Converts a frequency of cpufreq, which is in kHz. */
    static Optional<Long> megahertz(String kilohertz) {
        return Numbers.parse(kilohertz).map(number -> number / 1000);
    }
}
