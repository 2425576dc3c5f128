package dev.headroom.environment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.BinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The control groups, version 1 or 2, that this process is in. */
public final class Cgroup {
    private static final Pattern QUOTA = Pattern.compile("([1-9][0-9]{0,14})\\s+([1-9][0-9]{0,14})");

    private Cgroup() {}

    /**
     * A group that counts memory.
     *
     * @param version of control groups, 1 or 2: its files have other names
     * @param folder of its files
     * @param limit of its memory in bytes; empty: none
     */
    public record Group(int version, Path folder, OptionalLong limit) {}

    /**
     * The group that decides how much memory this process gets: of its own and those above it, as far as they can be
     * seen from here, the one with the smallest limit, its own if none has one. Empty where no group counts memory.
     */
    public static Optional<Group> ofMemory() {
        return ofMemory(Machine.here());
    }

    static Optional<Group> ofMemory(Machine machine) {
        return Stream.concat(
                        groups(machine, 2, folders(machine, "cgroup2", ""), "memory.max"),
                        groups(machine, 1, folders(machine, "cgroup", "memory"), "memory.limit_in_bytes"))
                .reduce(BinaryOperator.minBy(
                        Comparator.comparingLong(group -> group.limit().orElse(Long.MAX_VALUE))));
    }

    static OptionalLong memoryLimitMiB(Machine machine) {
        OptionalLong limit = ofMemory(machine).map(Group::limit).orElse(OptionalLong.empty());
        return limit.isPresent() ? OptionalLong.of(limit.getAsLong() >> 20) : limit;
    }

    /** The version that counts memory, or where none does that is mounted; empty without control groups. */
    static OptionalInt version(Machine machine) {
        Optional<Integer> ofMemory = ofMemory(machine).map(Group::version);
        List<String> types = Mount.all(machine).stream().map(Mount::type).toList();
        return ofMemory.or(() -> types.contains("cgroup") ? Optional.of(1) : Optional.empty())
                .or(() -> types.contains("cgroup2") ? Optional.of(2) : Optional.empty())
                .map(OptionalInt::of)
                .orElse(OptionalInt.empty());
    }

    /** The smallest limit of CPU time, of this process's group and those above it, in cores; empty: there is none. */
    static OptionalDouble cpuQuotaCores(Machine machine) {
        Stream<String> version2 =
                folders(machine, "cgroup2", "").stream().map(folder -> machine.text(folder + "/cpu.max"));
        Stream<String> version1 = folders(machine, "cgroup", "cpu").stream()
                .map(folder ->
                        machine.text(folder + "/cpu.cfs_quota_us") + " " + machine.text(folder + "/cpu.cfs_period_us"));
        return Stream.concat(version2, version1)
                .flatMapToDouble(quota -> cores(quota).stream())
                .min();
    }

    /** A quota and its period in µs, such as {@code 150000 100000}; without a quota {@code max}, in version 1 -1. */
    static OptionalDouble cores(String quota) {
        Matcher matcher = QUOTA.matcher(quota.strip());
        return matcher.matches()
                ? OptionalDouble.of(Double.parseDouble(matcher.group(1)) / Long.parseLong(matcher.group(2)))
                : OptionalDouble.empty();
    }

    /** Those that count memory, which the file of the limit shows. */
    private static Stream<Group> groups(Machine machine, int version, List<String> folders, String file) {
        List<Group> groups = new ArrayList<>();
        for (String folder : folders) {
            String limit = machine.text(folder + "/" + file);
            if (!limit.isBlank()) {
                groups.add(new Group(version, machine.root().resolve(folder), bytes(limit)));
            }
        }
        return groups.stream();
    }

    /**
     * The folders of one hierarchy, of the process's own group and those above it, as far as they can be seen.
     *
     * @param type of the file system
     * @param controller of version 1; empty for version 2
     */
    private static List<String> folders(Machine machine, String type, String controller) {
        Optional<Mount> mount = Mount.all(machine).stream()
                .filter(candidate -> candidate.type().equals(type)
                        && (controller.isEmpty()
                                || Arrays.asList(candidate.options().split(",", -1))
                                        .contains(controller)))
                .findFirst();
        if (mount.isEmpty()) {
            return List.of();
        }
        // The path counts from the root of the hierarchy, what is mounted may be a part of it.
        String path = path(machine.lines("proc/self/cgroup"), controller);
        String mounted = mount.get().root().equals("/") ? "" : mount.get().root();
        String below = path.startsWith(mounted) ? path.substring(mounted.length()) : path;
        List<String> folders = new ArrayList<>();
        for (String group = below; ; group = group.substring(0, Math.max(0, group.lastIndexOf('/')))) {
            if (!group.contains("..")) {
                folders.add(mount.get().point().substring(1) + "/" + group);
            }
            if (group.isEmpty()) {
                return folders;
            }
        }
    }

    /**
     * A limit in bytes; empty for {@code max} of version 2 and for the number that version 1 writes instead, the
     * largest multiple of the page size in 63 bits: 19 digits, which no memory has.
     */
    static OptionalLong bytes(String text) {
        String digits = text.strip();
        return digits.matches("[0-9]{1,18}") ? OptionalLong.of(Long.parseLong(digits)) : OptionalLong.empty();
    }

    /**
     * This process's path in one hierarchy of {@code /proc/self/cgroup}.
     *
     * @param controller of version 1; empty for version 2
     */
    static String path(List<String> cgroups, String controller) {
        for (String line : cgroups) {
            String[] fields = line.split(":", 3);
            if (fields.length == 3 && Arrays.asList(fields[1].split(",", -1)).contains(controller)) {
                return fields[2].equals("/") ? "" : fields[2];
            }
        }
        return "";
    }
}
