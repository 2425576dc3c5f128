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
    private static final Pattern PODMAN = Pattern.compile("libpod-[0-9a-f]{12}|/overlay-containers/[0-9a-f]{12}");
    private static final Pattern DOCKER =
            Pattern.compile("/docker/[0-9a-f]{12}|docker-[0-9a-f]{12}|/docker/containers/[0-9a-f]{12}");
    private static final Pattern CONTAINERD = Pattern.compile("cri-containerd-[0-9a-f]{12}|/io\\.containerd\\.");
    private static final Pattern LXC = Pattern.compile("/lxc/|/lxc\\.payload");
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,30}");

    /** Every runtime mounts its own over these. */
    private static final Set<String> OWN_FILES = Set.of("/etc/hosts", "/etc/hostname", "/etc/resolv.conf");

    /** The inodes of the namespaces that the kernel starts with: {@code include/linux/proc_ns.h}. */
    private static final String FIRST_PID = "pid:[4026531836]";

    private static final String FIRST_USER = "user:[4026531837]";
    private static final String FIRST_CGROUP = "cgroup:[4026531835]";

    private Container() {}

    /** {@code docker}, {@code podman}, {@code kubernetes}, …, or {@link #NOT_IDENTIFIED}; empty if none is seen. */
    static Optional<String> runtime(Machine machine) {
        List<String> mountinfo = machine.lines("proc/self/mountinfo");
        boolean ownFiles = mountsOwnFiles(mountinfo);
        Optional<String> traced =
                traced(machine.text("proc/1/cgroup") + machine.text("proc/self/cgroup") + sources(mountinfo));
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
        // The mark alone stays behind where an image became the root of a machine.
        if (ownFiles && machine.exists(".dockerenv")) {
            return Optional.of("docker");
        }
        Optional<String> systemd = machine.value("run/systemd/container")
                .filter(name -> NAME.matcher(name).matches() && !name.equals("wsl"));
        if (systemd.isPresent()) {
            return systemd;
        }
        return ownFiles && !isHost(machine) ? Optional.of(NOT_IDENTIFIED) : Optional.empty();
    }

    /**
     * Whether this process is in the namespaces that the kernel started with, so in no container. Processes under WSL2
     * never are.
     */
    static boolean isHost(Machine machine) {
        return machine.link("proc/self/ns/pid").equals(Optional.of(FIRST_PID))
                && machine.link("proc/self/ns/user").orElse(FIRST_USER).equals(FIRST_USER)
                && machine.link("proc/self/ns/cgroup").orElse(FIRST_CGROUP).equals(FIRST_CGROUP);
    }

    /** The runtime that left its name in paths of cgroups and mounts. */
    static Optional<String> traced(String paths) {
        if (KUBERNETES.matcher(paths).find()) {
            return Optional.of("kubernetes");
        }
        if (PODMAN.matcher(paths).find()) {
            return Optional.of("podman");
        }
        if (DOCKER.matcher(paths).find()) {
            return Optional.of("docker");
        }
        if (CONTAINERD.matcher(paths).find()) {
            return Optional.of("containerd");
        }
        return LXC.matcher(paths).find() ? Optional.of("lxc") : Optional.empty();
    }

    /** Where a runtime's own mounts come from, and where a pod's secrets are mounted. */
    private static String sources(List<String> mountinfo) {
        return mountinfo.stream()
                .map(line -> line.split(" ", 6))
                .filter(fields -> fields.length == 6)
                .flatMap(fields -> OWN_FILES.contains(fields[4])
                        ? Stream.of(fields[3])
                        : Stream.of(fields[4]).filter(point -> point.contains("/secrets/kubernetes.io/")))
                .collect(Collectors.joining("\n", "\n", ""));
    }

    private static boolean mountsOwnFiles(List<String> mountinfo) {
        return mountinfo.stream()
                        .map(line -> line.split(" ", 6))
                        .filter(fields -> fields.length == 6 && OWN_FILES.contains(fields[4]))
                        .map(fields -> fields[4])
                        .distinct()
                        .count()
                >= 2;
    }
}
