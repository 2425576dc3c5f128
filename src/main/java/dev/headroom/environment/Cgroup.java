package dev.headroom.environment;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/** What control groups, version 1 or 2, allow this process. */
final class Cgroup {
    private Cgroup() {}

    /** The smallest memory limit of the group and those above it, as far as they can be seen from here. */
    static OptionalLong memoryLimitMiB(Machine machine) {
        List<String> cgroups = machine.lines("proc/self/cgroup");
        List<String> mountinfo = machine.lines("proc/self/mountinfo");
        OptionalLong v2 = limit(machine, mount(mountinfo, "cgroup2", ""), path(cgroups, ""), "memory.max");
        OptionalLong v1 =
                limit(machine, mount(mountinfo, "cgroup", "memory"), path(cgroups, "memory"), "memory.limit_in_bytes");
        if (v1.isPresent() && v2.isPresent()) {
            return OptionalLong.of(Math.min(v1.getAsLong(), v2.getAsLong()));
        }
        return v1.isPresent() ? v1 : v2;
    }

    private static OptionalLong limit(Machine machine, Mount mount, String path, String file) {
        if (mount.point().isEmpty()) {
            return OptionalLong.empty();
        }
        // The path counts from the root of the hierarchy, what is mounted may be a part of it.
        String below =
                path.startsWith(mount.root()) ? path.substring(mount.root().length()) : path;
        OptionalLong smallest = OptionalLong.empty();
        for (String group = below; ; group = group.substring(0, Math.max(0, group.lastIndexOf('/')))) {
            if (!group.contains("..")) {
                OptionalLong here = bytes(machine.text(mount.point().substring(1) + "/" + group + "/" + file));
                if (here.isPresent() && here.getAsLong() >> 20 < smallest.orElse(Long.MAX_VALUE)) {
                    smallest = OptionalLong.of(here.getAsLong() >> 20);
                }
            }
            if (group.isEmpty()) {
                return smallest;
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
