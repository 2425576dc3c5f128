package dev.headroom.environment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;

/** The control groups, version 1 or 2, that this process is in. */
public final class Cgroup {
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
     * The group that decides how much memory this process gets: of its own and those above it, as far as they can be seen
     * from here, the one with the smallest limit, its own if none has one. Empty where no group counts memory.
     */
    public static Optional<Group> ofMemory() {
        return ofMemory(Machine.here());
    }

    static Optional<Group> ofMemory(Machine machine) {
        List<String> cgroups = machine.lines("proc/self/cgroup");
        List<String> mountinfo = machine.lines("proc/self/mountinfo");
        return Stream.concat(
                        groups(machine, 2, mount(mountinfo, "cgroup2", ""), path(cgroups, ""), "memory.max"),
                        groups(
                                machine,
                                1,
                                mount(mountinfo, "cgroup", "memory"),
                                path(cgroups, "memory"),
                                "memory.limit_in_bytes"))
                .reduce(BinaryOperator.minBy(
                        Comparator.comparingLong(group -> group.limit().orElse(Long.MAX_VALUE))));
    }

    static OptionalLong memoryLimitMiB(Machine machine) {
        OptionalLong limit = ofMemory(machine).map(Group::limit).orElse(OptionalLong.empty());
        return limit.isPresent() ? OptionalLong.of(limit.getAsLong() >> 20) : limit;
    }

    /** The groups of one hierarchy that count memory, which the file of the limit shows, from the process's own upwards. */
    private static Stream<Group> groups(Machine machine, int version, Mount mount, String path, String file) {
        List<Group> groups = new ArrayList<>();
        if (mount.point().isEmpty()) {
            return groups.stream();
        }
        // The path counts from the root of the hierarchy, what is mounted may be a part of it.
        String below =
                path.startsWith(mount.root()) ? path.substring(mount.root().length()) : path;
        for (String group = below; ; group = group.substring(0, Math.max(0, group.lastIndexOf('/')))) {
            if (!group.contains("..")) {
                String folder = mount.point().substring(1) + "/" + group;
                String limit = machine.text(folder + "/" + file);
                if (!limit.isBlank()) {
                    groups.add(new Group(version, machine.root().resolve(folder), bytes(limit)));
                }
            }
            if (group.isEmpty()) {
                return groups.stream();
            }
        }
    }

    /**
     * A limit in bytes; empty for {@code max} of version 2 and for the number that version 1 writes instead, the largest
     * multiple of the page size in 63 bits: 19 digits, which no memory has.
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

    /**
     * A mount of cgroups.
     *
     * @param root the part of the hierarchy that is mounted, empty if all is
     * @param point where; empty if it is not mounted
     */
    record Mount(String root, String point) {}

    /** The mount of one hierarchy in {@code /proc/self/mountinfo}. */
    static Mount mount(List<String> mountinfo, String type, String controller) {
        for (String line : mountinfo) {
            int dash = line.indexOf(" - ");
            String[] mount = line.split(" ", 6);
            if (dash < 0 || mount.length < 6 || !mount[4].startsWith("/")) {
                continue;
            }
            String[] system = line.substring(dash + 3).split(" ", -1);
            boolean ofController = controller.isEmpty()
                    || Arrays.asList(system[system.length - 1].split(",", -1)).contains(controller);
            if (system[0].equals(type) && ofController) {
                return new Mount(mount[3].equals("/") ? "" : mount[3], mount[4]);
            }
        }
        return new Mount("", "");
    }
}
