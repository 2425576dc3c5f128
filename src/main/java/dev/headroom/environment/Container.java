package dev.headroom.environment;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Detects whether a Linux process is in a container, and of which runtime. */
final class Container {
    /** The fact {@code container} if the runtime leaves no trace of its name. */
    static final String NOT_IDENTIFIED = "not identified";

    private static final Pattern KUBERNETES =
            Pattern.compile("/kubepods|/kubelet/pods/|/secrets/kubernetes\\.io/serviceaccount");
    private static final Pattern PODMAN =
            Pattern.compile("libpod-[0-9a-f]{12}|/(?:overlay|vfs|btrfs|zfs)-containers/[0-9a-f]{12}");
    private static final Pattern DOCKER = Pattern.compile(
            "/docker/[0-9a-f]{12}|docker-[0-9a-f]{12}|/docker/containers/[0-9a-f]{12}|/docker/overlay2/");
    private static final Pattern CONTAINERD = Pattern.compile("cri-containerd-[0-9a-f]{12}|/io\\.containerd\\.");
    private static final Pattern LXC = Pattern.compile("/lxc/|/lxc\\.payload");

    /** The folder for images of podman, buildah and CRI-O. It does not show which of them is used. */
    private static final Pattern STORAGE = Pattern.compile("/containers/storage/overlay/");

    private static final Pattern DESKTOP = Pattern.compile("/desktop-containerd/|/version-pack-data/community/docker/");
    private static final Pattern DESKTOP_DISK = Pattern.compile("^/data/docker/containers/", Pattern.MULTILINE);

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,30}");

    /** Files over which every runtime mounts its own. */
    private static final Set<String> OWN_FILES = Set.of("/etc/hosts", "/etc/hostname", "/etc/resolv.conf");

    /** Inodes of the initial namespaces, from {@code include/linux/proc_ns.h}. */
    private static final String INITIAL_PID = "pid:[4026531836]";

    private static final String INITIAL_USER = "user:[4026531837]";
    private static final String INITIAL_CGROUP = "cgroup:[4026531835]";

    private Container() {}

    /**
     * The container's runtime: {@code docker}, {@code docker-desktop}, {@code podman}, {@code kubernetes},
     * {@code containerd}, {@code lxc}, {@code flatpak}, the name that a runtime leaves for systemd, or
     * {@link #NOT_IDENTIFIED}. Empty if there is no sign of a container.
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
        // .dockerenv alone is no proof: it remains in an image that became the root of a machine.
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
     * Whether this process is in no container, sandbox or chroot: it is in the kernel's initial namespaces and its root
     * is a whole file system. Always false under WSL2.
     */
    static boolean isHost(Machine machine) {
        return Mount.ofRoot(Mount.all(machine)).filter(Container::isWhole).isPresent()
                && machine.link("proc/self/ns/pid").equals(Optional.of(INITIAL_PID))
                && machine.link("proc/self/ns/user").orElse(INITIAL_USER).equals(INITIAL_USER)
                && machine.link("proc/self/ns/cgroup").orElse(INITIAL_CGROUP).equals(INITIAL_CGROUP);
    }

    /**
     * Whether the root is a whole file system. A folder (chroot) or layers (image) are not. Two exceptions count as
     * whole: a subvolume of Btrfs, and a deployment of OSTree, which is a folder or, with composefs, a layer.
     */
    private static boolean isWhole(Mount root) {
        return root.type().equals("overlay")
                ? root.options().contains("/ostree/repo/objects")
                : root.root().equals("/")
                        || root.type().equals("btrfs")
                        || root.root().startsWith("/ostree/deploy/");
    }

    /** LXC's file system that shows a container its own limits in {@code /proc}. The host mounts it elsewhere. */
    private static boolean isLxcfs(Mount mount) {
        return mount.type().equals("fuse.lxcfs") && mount.point().startsWith("/proc/");
    }

    /**
     * Finds the runtime whose name is in the paths of cgroups and mounts.
     *
     * @param paths the paths, one a line
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
     * Whether these are the paths of Docker Desktop. It has folders of its own. Newer versions mount the folder
     * {@code /data/docker} of a data disk over {@code /var/lib/docker}: files show the first path, layers the second.
     */
    private static boolean isDesktop(String paths) {
        return DESKTOP.matcher(paths).find()
                || (DESKTOP_DISK.matcher(paths).find() && paths.contains("/var/lib/docker/"));
    }

    /** The sources of a runtime's own mounts, the mount points of a pod's secrets, and the layers of the root. */
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
