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

    private static final Pattern OS_RELEASE = Pattern.compile("\\s*([A-Z_]+)=(.*)");
    private static final Pattern MEMINFO = Pattern.compile("(\\w+):\\s*([0-9]{1,15}) kB\\s*");

    private Linux() {}

    static String detect(Machine machine, Facts facts) {
        Optional<String> kernel = machine.value("proc/sys/kernel/osrelease").or(() -> machine.property("os.version"));
        Optional<String> wsl = wsl(machine, kernel.orElse(""));
        Optional<String> container = Container.runtime(machine);
        boolean gvisor = machine.text("proc/version").contains(GVISOR_DATE);
        Hardware hardware = Hardware.onLinux(machine);

        facts.put("os", Optional.of("Linux"));
        facts.put("kernel", kernel);
        facts.put("distribution", distribution(machine));
        facts.put("architecture", machine.property("os.arch"));
        facts.put("wsl", wsl);
        facts.put("sandbox", gvisor ? Optional.of("gVisor") : Optional.empty());
        facts.put("container", container);
        hardware.putInto(facts);
        cpu(machine, facts);
        List<String> meminfo = machine.lines("proc/meminfo");
        facts.put("memoryTotalMiB", mebibytes(meminfo, "MemTotal"));
        facts.put("memoryAvailableMiB", mebibytes(meminfo, "MemAvailable"));
        facts.put("memoryLimitMiB", Cgroup.memoryLimitMiB(machine));
        facts.put("swapTotalMiB", mebibytes(meminfo, "SwapTotal"));
        facts.put("governor", machine.value("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
        facts.put("cpuMaxMHz", megahertz(machine.text("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")));

        if (gvisor) {
            return "gvisor";
        }
        if (container.isPresent()) {
            return wsl.map(version -> "container-wsl" + version).orElse("container");
        }
        if (wsl.isPresent()) {
            return "wsl" + wsl.get();
        }
        return (Container.isHost(machine) ? hardware.kind() : Hardware.Kind.UNKNOWN).prefix() + "linux";
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
                        machine.exists("proc/sys/fs/binfmt_misc/WSLInterop"),
                        machine.variable("WSL_DISTRO_NAME").isPresent())
                .filter(sign -> sign)
                .count();
        return signs >= 2 ? Optional.of("2") : Optional.empty();
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

    private static void cpu(Machine machine, Facts facts) {
        List<String> cpuinfo = machine.lines("proc/cpuinfo");
        facts.put("cpu", Cpu.model(cpuinfo));
        facts.put("logicalCores", Cpu.logicalCores(cpuinfo));
        facts.put("physicalCores", Cpu.physicalCores(machine));
        facts.put("usableCores", machine.processors());
    }

    /** A value of {@code /proc/meminfo}, which is in KiB whatever it says. */
    static OptionalLong mebibytes(List<String> meminfo, String key) {
        for (String line : meminfo) {
            Matcher matcher = MEMINFO.matcher(line);
            if (matcher.matches() && key.equals(matcher.group(1))) {
                return OptionalLong.of(Long.parseLong(matcher.group(2)) / 1024);
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
