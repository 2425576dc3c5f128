package dev.headroom.environment;

import java.util.List;
import java.util.Optional;

/**
 * One mount that a Linux process sees (proc_pid_mountinfo(5)).
 *
 * @param root the mounted part of the file system, {@code /} for all of it
 * @param point the directory on which it is mounted
 * @param type the type of the file system
 * @param source the device, or a name chosen by the program that mounted it
 * @param options the options of the file system
 */
record Mount(String root, String point, String type, String source, String options) {
    /** Reads {@code /proc/self/mountinfo}. Malformed lines are left out. */
    static List<Mount> all(Machine machine) {
        return parse(machine.lines("proc/self/mountinfo"));
    }

    static List<Mount> parse(List<String> mountinfo) {
        return mountinfo.stream().map(Mount::parse).flatMap(Optional::stream).toList();
    }

    private static Optional<Mount> parse(String line) {
        String[] halves = line.split(" - ", 2); // any number of optional fields stands before the dash
        String[] mount = halves[0].split(" ", -1);
        String[] system = halves.length < 2 ? new String[0] : halves[1].split(" ", -1);
        return mount.length < 6 || system.length < 3 || !mount[4].startsWith("/")
                ? Optional.empty()
                : Optional.of(new Mount(mount[3], mount[4], system[0], system[1], system[2]));
    }

    /**
     * Finds the mount of the root directory. A later mount hides earlier ones. Empty if the root is not a mount, as in
     * a chroot.
     */
    static Optional<Mount> ofRoot(List<Mount> mounts) {
        return mounts.stream().filter(mount -> mount.point().equals("/")).reduce((first, last) -> last);
    }
}
