package dev.headroom.environment;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Linux, whatever it runs in. */
final class Linux {
    /** The build date that gVisor's kernel gives itself, the same in all its versions. */
    private static final String GVISOR_DATE = "#1 SMP Sun Jan 10 15:06:54 PST 2016";

    /** {@code 5.15.167.4-microsoft-standard-WSL2}, before 2021 without what is behind {@code standard}. */
    private static final Pattern STOCK_NAME =
            Pattern.compile("[0-9]+\\.[0-9]+\\.[0-9]+(\\.[0-9]+)?-microsoft-standard(-WSL2)?");

    private static final Pattern STOCK_BUILDER = Pattern.compile(" \\((root@[0-9a-f]{12}|oe-user@oe-host)\\) ");

    /** The name under which a guest of Kata Containers has its containers' files from outside. */
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

        facts.put("os", Optional.of("Linux"));
        facts.put("kernel", kernel);
        facts.put("distribution", distribution(machine));
        facts.put("architecture", machine.property("os.arch"));
        facts.put("emulation", emulation);
        facts.put("wsl", wsl);
        if (wsl.equals(Optional.of("2"))) {
            facts.put("wslKernel", wslKernel(kernel.orElse(""), version));
            facts.put("dxg", Optional.of(machine.exists("dev/dxg") ? "yes" : "no"));
        }
        facts.put("sandbox", gvisor ? Optional.of("gVisor") : sandbox(machine));
        facts.put("container", container);
        hardware.putInto(facts);
        cpu(machine, facts, cpuinfo);
        facts.put("cgroupVersion", Cgroup.version(machine));
        facts.put("cpuQuotaCores", Cgroup.cpuQuotaCores(machine));
        facts.put("cpuset", Cpu.cpuset(machine));
        facts.put("memoryLimitMiB", Cgroup.memoryLimitMiB(machine));
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
        boolean itself = Container.isHost(machine) && emulation.isEmpty();
        return (itself ? hardware.kind() : Hardware.Kind.UNKNOWN).prefix() + "linux";
    }

    /**
     * The version of WSL. Microsoft's kernels have it in their names; a kernel of the user's own may not, then at least
     * two of the things that WSL brings have to be there: {@code /dev/dxg} alone is in other Hyper-V guests as well.
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
                        machine.exists("usr/lib/wsl"), // libraries of the Windows driver, in containers with a GPU too
                        machine.exists("proc/sys/fs/binfmt_misc/WSLInterop"),
                        machine.variable("WSL_DISTRO_NAME").isPresent())
                .filter(sign -> sign)
                .count();
        return signs >= 2 ? Optional.of("2") : Optional.empty();
    }

    /**
     * Whether a kernel of WSL2 is Microsoft's own ({@code stock}) or somebody else's ({@code custom}): not if the name
     * is another one, and if who built it is whom Microsoft has build, root in a container or before that oe-user. The
     * name alone says nothing: their sources give it to any build.
     */
    static Optional<String> wslKernel(String kernel, String version) {
        if (!STOCK_NAME.matcher(kernel).matches()) {
            return kernel.isEmpty() ? Optional.empty() : Optional.of("custom");
        }
        return STOCK_BUILDER.matcher(version).find() ? Optional.of("stock") : Optional.empty();
    }

    /** What the process is confined by that is no container: a snap, or a virtual machine around the container. */
    private static Optional<String> sandbox(Machine machine) {
        if (Mount.all(machine).stream().anyMatch(mount -> mount.source().equals(KATA_MOUNT))) {
            return Optional.of("Kata Containers");
        }
        return machine.text("proc/self/attr/current").startsWith("snap.") ? Optional.of("Snap") : Optional.empty();
    }

    private static Optional<String> distribution(Machine machine) {
        return distribution(machine.lines("etc/os-release"))
                .or(() -> distribution(machine.lines("usr/lib/os-release")));
    }

    /** The name for people in {@code /etc/os-release}. */
    static Optional<String> distribution(List<String> osRelease) {
        for (String line : osRelease) {
            Matcher matcher = OS_RELEASE.matcher(line);
            if (matcher.matches() && "PRETTY_NAME".equals(matcher.group(1))) {
                return Optional.of(unquoted(matcher.group(2).strip()));
            }
        }
        return Optional.empty();
    }

    /** As a shell would, as far as that file may use it: quotes around the value, backslashes before characters. */
    private static String unquoted(String value) {
        boolean quoted = value.length() >= 2
                && (value.charAt(0) == '"' || value.charAt(0) == '\'')
                && value.charAt(value.length() - 1) == value.charAt(0);
        return quoted ? value.substring(1, value.length() - 1).replaceAll("\\\\([\"$`\\\\])", "$1") : value;
    }

    private static void cpu(Machine machine, Facts facts, List<String> cpuinfo) {
        facts.put("cpu", Cpu.model(cpuinfo));
        facts.put("cpuFeatures", Cpu.features(cpuinfo));
        facts.put("logicalCores", Cpu.logicalCores(cpuinfo));
        facts.put("physicalCores", Cpu.physicalCores(machine));
        facts.put("usableCores", machine.processors());
        facts.put("numaNodes", Cpu.numaNodes(machine));
        facts.put("governor", machine.value("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
        facts.put("cpuMaxMHz", megahertz(machine.text("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")));
    }

    static OptionalLong mebibytes(List<String> meminfo, String key) {
        OptionalLong kibibytes = kibibytes(meminfo, key);
        return kibibytes.isPresent() ? OptionalLong.of(kibibytes.getAsLong() / 1024) : kibibytes;
    }

    /** A value of {@code /proc/meminfo}, which is in KiB whatever it says. */
    static OptionalLong kibibytes(List<String> meminfo, String key) {
        for (String line : meminfo) {
            Matcher matcher = MEMINFO.matcher(line);
            if (matcher.matches() && key.equals(matcher.group(1))) {
                return OptionalLong.of(Long.parseLong(matcher.group(2)));
            }
        }
        return OptionalLong.empty();
    }

    /** cpufreq's kHz. */
    static OptionalLong megahertz(String kilohertz) {
        String digits = kilohertz.strip();
        return digits.matches("[0-9]{1,12}") ? OptionalLong.of(Long.parseLong(digits) / 1000) : OptionalLong.empty();
    }
}
