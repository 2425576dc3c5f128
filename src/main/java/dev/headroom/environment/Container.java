package dev.headroom.environment;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether a Linux process is in a container, and whose. */
final class Container {
    /** What is in a container whose runtime leaves no name. */
    static final String NOT_IDENTIFIED = "not identified";

    private static final Pattern KUBERNETES =
            Pattern.compile("/kubepods|/kubelet/pods/|/secrets/kubernetes\\.io/serviceaccount");
    private static final Pattern PODMAN =
            Pattern.compile("libpod-[0-9a-f]{12}|/(?:overlay|vfs|btrfs|zfs)-containers/[0-9a-f]{12}");
    private static final Pattern DOCKER = Pattern.compile(
            "/docker/[0-9a-f]{12}|docker-[0-9a-f]{12}|/docker/containers/[0-9a-f]{12}|/docker/overlay2/");
    private static final Pattern CONTAINERD = Pattern.compile("cri-containerd-[0-9a-f]{12}|/io\\.containerd\\.");
    private static final Pattern LXC = Pattern.compile("/lxc/|/lxc\\.payload");

    /** Where images of podman, buildah and CRI-O lie: which of them it is does not show. */
    private static final Pattern STORAGE = Pattern.compile("/containers/storage/overlay/");

    private static final Pattern DESKTOP = Pattern.compile("/desktop-containerd/|/version-pack-data/community/docker/");
    private static final Pattern DESKTOP_DISK = Pattern.compile("^/data/docker/containers/", Pattern.MULTILINE);

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,30}");

    /** Every runtime mounts its own over these. */
    private static final Set<String> OWN_FILES = Set.of("/etc/hosts", "/etc/hostname", "/etc/resolv.conf");

    /** The inodes of the namespaces that the kernel starts with: {@code include/linux/proc_ns.h}. */
    private static final String FIRST_PID = "pid:[4026531836]";

    private static final String FIRST_USER = "user:[4026531837]";
    private static final String FIRST_CGROUP = "cgroup:[4026531835]";

    private Container() {}

    /**
     * {@code docker}, {@code docker-desktop}, {@code podman}, {@code kubernetes}, {@code containerd}, {@code lxc},
     * {@code flatpak}, the name that a runtime leaves for systemd, or {@link #NOT_IDENTIFIED}; empty if none is seen.
     */
    static Optional<String> runtime(Machine machine) {
        List<Mount> mounts = Mount.all(machine);
        boolean ownFiles = mountsOwnFiles(mounts);
        Optional<String> traced =
                traced(machine.text("proc/1/cgroup") + machine.text("proc/self/cgroup") + sources(mounts));
        if (traced.equals(Optional.of("kubernetes"))
                || (ownFiles && machine.variable("KUBERNETES_SERVICE_HOST").isPresent())) {
            return Optional.of("kubernetes");
        }
        if (machine.exists("run/.containerenv")) {
            return Optional.of("podman");
        }
        if (traced.isPresent()) {
            return traced;
        }
        if (mounts.stream().anyMatch(Container::isLxcfs)) {
            return Optional.of("lxc");
        }
        if (machine.exists(".flatpak-info")) {
            return Optional.of("flatpak");
        }
        // The mark alone stays behind where an image became the root of a machine.
        if (ownFiles && machine.exists(".dockerenv")) {
            return Optional.of("docker");
        }
        Optional<String> systemd = Stream.of("run/host/container-manager", "run/systemd/container")
                .flatMap(file -> machine.value(file).stream())
                .filter(name -> NAME.matcher(name).matches() && !name.equals("wsl"))
                .findFirst();
        if (systemd.isPresent()) {
            return systemd;
        }
        return ownFiles && !isHost(machine) ? Optional.of(NOT_IDENTIFIED) : Optional.empty();
    }

    /**
     * Whether this process is in the namespaces that the kernel started with and has a whole file system as its root,
     * so is in no container, sandbox or chroot. Processes under WSL2 never are.
     */
    static boolean isHost(Machine machine) {
        return Mount.ofRoot(Mount.all(machine)).filter(Container::isWhole).isPresent()
                && machine.link("proc/self/ns/pid").equals(Optional.of(FIRST_PID))
                && machine.link("proc/self/ns/user").orElse(FIRST_USER).equals(FIRST_USER)
                && machine.link("proc/self/ns/cgroup").orElse(FIRST_CGROUP).equals(FIRST_CGROUP);
    }

    /**
     * Not a folder of one, as in a chroot, nor layers over one, as of an image; but the root may be a subvolume of
     * Btrfs, and in distributions that update as a whole a deployment of OSTree, a folder or, with composefs, a layer.
     */
    private static boolean isWhole(Mount root) {
        return root.type().equals("overlay")
                ? root.options().contains("/ostree/repo/objects")
                : root.root().equals("/")
                        || root.type().equals("btrfs")
                        || root.root().startsWith("/ostree/deploy/");
    }

    /** LXC's file system that shows a container's own limits in {@code /proc}; the host has it elsewhere. */
    private static boolean isLxcfs(Mount mount) {
        return mount.type().equals("fuse.lxcfs") && mount.point().startsWith("/proc/");
    }

    /**
     * The runtime that left its name in paths of cgroups and mounts.
     *
     * @param paths each on a line of its own
     */
    static Optional<String> traced(String paths) {
        if (KUBERNETES.matcher(paths).find()) {
            return Optional.of("kubernetes");
        }
        if (PODMAN.matcher(paths).find()) {
            return Optional.of("podman");
        }
        if (DOCKER.matcher(paths).find()) {
            return Optional.of(isDesktop(paths) ? "docker-desktop" : "docker");
        }
        if (CONTAINERD.matcher(paths).find()) {
            return Optional.of("containerd");
        }
        if (LXC.matcher(paths).find()) {
            return Optional.of("lxc");
        }
        return STORAGE.matcher(paths).find() ? Optional.of(NOT_IDENTIFIED) : Optional.empty();
    }

    /**
     * Docker Desktop has folders of its own. Newer ones have Docker's files below {@code /data/docker} of a data disk
     * that is mounted over {@code /var/lib/docker}: one path is seen of files, the other one of layers.
     */
    private static boolean isDesktop(String paths) {
        return DESKTOP.matcher(paths).find()
                || (DESKTOP_DISK.matcher(paths).find() && paths.contains("/var/lib/docker/"));
    }

    /** Where a runtime's own mounts come from, where a pod's secrets are mounted, and the layers of the root. */
    private static String sources(List<Mount> mounts) {
        Stream<String> files = mounts.stream()
                .flatMap(mount -> OWN_FILES.contains(mount.point())
                        ? Stream.of(mount.root())
                        : Stream.of(mount.point()).filter(point -> point.contains("/secrets/kubernetes.io/")));
        Stream<String> layers = Mount.ofRoot(mounts).filter(root -> root.type().equals("overlay")).stream()
                .map(Mount::options);
        return Stream.concat(files, layers).collect(Collectors.joining("\n", "\n", ""));
    }

    private static boolean mountsOwnFiles(List<Mount> mounts) {
        return mounts.stream()
                        .map(Mount::point)
                        .filter(OWN_FILES::contains)
                        .distinct()
                        .count()
                >= 2;
    }
}
