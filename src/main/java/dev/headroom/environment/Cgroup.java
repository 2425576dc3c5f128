package dev.headroom.environment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The control groups of this process, version 1 or 2. */
public final class Cgroup {
    private static final Pattern QUOTA = Pattern.compile("([1-9][0-9]{0,14})\\s+([1-9][0-9]{0,14})");

    private Cgroup() {}

    /**
     * A group that counts memory.
     *
     * @param version the version of control groups, 1 or 2; file names depend on it
     * @param folder the folder of its files
     * @param limit its memory limit in bytes, or null if there is none
     */
    public record Group(int version, Path folder, @Nullable Long limit) {}

    /**
     * Finds the group that limits the memory of this process. It is the group with the smallest limit among its own and
     * all visible groups above. If none has a limit, it is its own group. Empty if no group counts memory.
     */
    public static Optional<Group> ofMemory() {
        return ofMemory(Machine.here());
    }

    static Optional<Group> ofMemory(Machine machine) {
        return Stream.concat(
                        groups(machine, 2, folders(machine, "cgroup2", ""), "memory.max"),
                        groups(machine, 1, folders(machine, "cgroup", "memory"), "memory.limit_in_bytes"))
                .reduce(BinaryOperator.minBy(
                        Comparator.comparingLong(group -> Objects.requireNonNullElse(group.limit(), Long.MAX_VALUE))));
    }

    static Optional<Long> memoryLimitMiB(Machine machine) {
        return ofMemory(machine).map(Group::limit).map(Numbers::mebibytes);
    }

    /** The version that counts memory, else the version that is mounted. Empty without control groups. */
    static Optional<Integer> version(Machine machine) {
        List<String> types = Mount.all(machine).stream().map(Mount::type).toList();
        return ofMemory(machine)
                .map(Group::version)
                .or(() -> types.contains("cgroup") ? Optional.of(1) : Optional.empty())
                .or(() -> types.contains("cgroup2") ? Optional.of(2) : Optional.empty());
    }

    /** The smallest limit of CPU time in this process's group and the groups above, in cores. Empty if unlimited. */
    static Optional<Double> cpuQuotaCores(Machine machine) {
        Stream<String> version2 =
                folders(machine, "cgroup2", "").stream().map(folder -> machine.text(folder + "/cpu.max"));
        Stream<String> version1 = folders(machine, "cgroup", "cpu").stream()
                .map(folder ->
                        machine.text(folder + "/cpu.cfs_quota_us") + " " + machine.text(folder + "/cpu.cfs_period_us"));
        return Stream.concat(version2, version1)
                .flatMap(quota -> cores(quota).stream())
                .min(Comparator.naturalOrder());
    }

    /**
     * Parses a quota and its period in µs, such as {@code 150000 100000}. The quota is {@code max} in version 2, or -1
     * in version 1, if there is no limit; the result is then empty.
     */
    static Optional<Double> cores(String quota) {
        Matcher matcher = QUOTA.matcher(quota.strip());
        return matcher.matches()
                ? Optional.of(Double.parseDouble(matcher.group(1)) / Long.parseLong(matcher.group(2)))
                : Optional.empty();
    }

    /**
     * The groups that count memory, which are those with a limit file. {@code max} in version 2 means no limit. Version
     * 1 writes the largest multiple of the page size in 63 bits instead: it has 19 digits, so it is not parsed.
     */
    private static Stream<Group> groups(Machine machine, int version, List<String> folders, String file) {
        return folders.stream()
                .filter(folder -> machine.value(folder + "/" + file).isPresent())
                .map(folder -> new Group(version, machine.root().resolve(folder), machine.number(folder + "/" + file)));
    }

    /**
     * The visible folders of one hierarchy: of the process's own group, then of the groups above it.
     *
     * @param type the type of the file system
     * @param controller a controller of version 1, or empty for version 2
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
        // The path starts at the root of the hierarchy, but only a part of the hierarchy may be mounted.
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
     * Finds this process's path in one hierarchy of {@code /proc/self/cgroup}.
     *
     * @param controller a controller of version 1, or empty for version 2
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
