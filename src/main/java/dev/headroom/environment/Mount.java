package dev.headroom.environment;

import java.util.List;
import java.util.Optional;

/**
 * One mount that a Linux process sees (proc_pid_mountinfo(5)).
 *
 * @param root the part of the file system that is mounted, {@code /} for all of it
 * @param point where
 * @param type of the file system
 * @param source the device, or a name that whoever mounted it gave
 * @param options of the file system
 */
record Mount(String root, String point, String type, String source, String options) {
    /** Those of {@code /proc/self/mountinfo}; a line that is none is left out. */
    static List<Mount> all(Machine machine) {
        return parse(machine.lines("proc/self/mountinfo"));
    }

    static List<Mount> parse(List<String> mountinfo) {
        return mountinfo.stream().map(Mount::parse).flatMap(Optional::stream).toList();
    }

    private static Optional<Mount> parse(String line) {
        String[] halves = line.split(" - ", 2); // in between are optional fields, of which there may be any number
        String[] mount = halves[0].split(" ", -1);
        String[] system = halves.length < 2 ? new String[0] : halves[1].split(" ", -1);
        return mount.length < 6 || system.length < 3 || !mount[4].startsWith("/")
                ? Optional.empty()
                : Optional.of(new Mount(mount[3], mount[4], system[0], system[1], system[2]));
    }

    /**
     * What the root directory is; where it is no mount itself, as in a chroot, nothing. The last one hides those
     * before.
     */
    static Optional<Mount> ofRoot(List<Mount> mounts) {
        return mounts.stream().filter(mount -> mount.point().equals("/")).reduce((first, last) -> last);
    }
}
