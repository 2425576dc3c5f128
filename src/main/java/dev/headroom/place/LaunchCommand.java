package dev.headroom.place;

import dev.headroom.BadInput;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The command that starts Headroom inside an environment.
 *
 * @param command program and arguments, passed without a shell, except by ssh on the other side
 * @param path translates a model's path to the path inside
 * @param sameMachine whether it runs on this machine's processors and GPUs; this Headroom then holds the machine's lock
 * @param end the command that removes what may be left; empty for none
 */
public record LaunchCommand(List<String> command, UnaryOperator<String> path, boolean sameMachine, List<String> end) {
    /** The hidden command of the Headroom inside. */
    public static final String SERVE = "serve";

    private static final String DEFAULT_HOME = ".cache/headroom/bundle";

    /**
     * Builds the command for a profile.
     *
     * @param unique part of a container's name
     * @throws BadInput if the profile cannot be used here
     */
    public static LaunchCommand of(EnvironmentProfile profile, HostFiles here, String unique) {
        return switch (profile.kind()) {
            case LOCAL -> throw new IllegalArgumentException(profile.name() + " is not entered");
            case COMMAND -> {
                List<String> command = new ArrayList<>(profile.list("prefix"));
                profile.text("cache").ifPresent(cache -> command.addAll(List.of("env", "HEADROOM_CACHE=" + cache)));
                command.addAll(headroom(profile, here));
                yield new LaunchCommand(command, UnaryOperator.identity(), true, List.of());
            }
            case CONTAINER -> container(profile, here, "headroom-" + unique);
            case WSL -> wsl(profile);
            case WINDOWS -> windows(profile);
            case SSH -> ssh(profile);
        };
    }

    /** The Headroom of the bundle inside, or else this Headroom's own files. */
    private static List<String> headroom(EnvironmentProfile profile, HostFiles here) {
        List<String> command = new ArrayList<>();
        Optional<String> home = profile.text("home");
        if (home.isPresent()) {
            command.add(home.get() + "/headroom");
            command.add(SERVE);
            profile.text("llama").ifPresent(llama -> command.addAll(List.of("--llama", llama)));
            return command;
        }
        command.add(profile.text("java").orElse(here.javaProgram().toString()));
        command.add("-cp");
        command.add(String.join(
                System.getProperty("path.separator"),
                here.classPath().stream().map(Path::toString).toList()));
        command.add("dev.headroom.cli.Headroom");
        command.add(SERVE);
        command.addAll(
                List.of("--llama", profile.text("llama").orElse(here.llama().toString())));
        return command;
    }

    private static LaunchCommand container(EnvironmentProfile profile, HostFiles here, String name) {
        String engine = profile.text("engine").orElse(here.program("podman", "docker"));
        List<String> command = new ArrayList<>(List.of(engine));
        command.addAll(profile.list("engineOptions"));
        command.addAll(List.of("run", "--rm", "--interactive", "--name", name));
        command.addAll(List.of("--env", "LC_ALL=C.UTF-8"));
        if (profile.text("home").isEmpty()) {
            here.readOnly().forEach(path -> command.addAll(mount(path.toString(), path.toString(), ",readonly")));
        } else {
            here.models().forEach(path -> command.addAll(mount(path.toString(), path.toString(), ",readonly")));
        }
        String cache = profile.text("cache").orElse(here.cache().toString());
        command.addAll(mount(here.cache().toString(), cache, ""));
        command.addAll(List.of("--env", "HEADROOM_CACHE=" + cache));
        for (String folders : profile.list("mounts")) {
            int equals = folders.indexOf('=');
            if (equals <= 0) {
                throw new BadInput("In the profile of environment " + profile.name() + ", mounts has " + folders
                        + ", which is not folder=folder inside: write /data=/data.");
            }
            command.addAll(mount(folders.substring(0, equals), folders.substring(equals + 1), ""));
        }
        profile.word("gpu", "nvidia", "amd", "dri").ifPresent(gpu -> command.addAll(gpu(gpu, engine)));
        profile.text("memory")
                .ifPresent(memory -> command.addAll(
                        List.of("--memory", memory, "--memory-swap", memory))); // the limit includes swap
        profile.text("cpus").ifPresent(cpus -> command.addAll(List.of("--cpus", cpus)));
        command.addAll(profile.list("options"));
        profile.text("rootfs").ifPresent(folder -> command.addAll(List.of("--rootfs", folder)));
        profile.text("image").ifPresent(command::add);
        command.addAll(headroom(profile, here));
        List<String> end = new ArrayList<>(List.of(engine));
        end.addAll(profile.list("engineOptions"));
        end.addAll(List.of("rm", "--force", name));
        return new LaunchCommand(command, UnaryOperator.identity(), true, end);
    }

    private static List<String> mount(String source, String target, String more) {
        if ((source + target).indexOf(',') >= 0) {
            throw new BadInput(source + " cannot be mounted in a container, because a path has a comma: rename it.");
        }
        return List.of("--mount", "type=bind,source=" + source + ",target=" + target + more);
    }

    /** The options for GPUs. docker has an option for NVIDIA, podman a device name of NVIDIA's toolkit. */
    private static List<String> gpu(String gpu, String engine) {
        return switch (gpu) {
            case "nvidia" ->
                engine.endsWith("podman") ? List.of("--device", "nvidia.com/gpu=all") : List.of("--gpus", "all");
            case "amd" -> List.of("--device", "/dev/kfd", "--device", "/dev/dri");
            default -> List.of("--device", "/dev/dri");
        };
    }

    /** Uses {@code --exec}, because {@code --} would start the user's shell. */
    private static LaunchCommand wsl(EnvironmentProfile profile) {
        List<String> command = new ArrayList<>(List.of("wsl.exe"));
        profile.text("distribution").ifPresent(name -> command.addAll(List.of("--distribution", name)));
        profile.text("user").ifPresent(name -> command.addAll(List.of("--user", name)));
        profile.text("cache")
                .ifPresentOrElse(
                        cache -> command.addAll(List.of("--exec", "env", "HEADROOM_CACHE=" + cache)),
                        () -> command.add("--exec"));
        command.add(profile.text("home").orElseThrow() + "/headroom");
        command.add(SERVE);
        profile.text("llama").ifPresent(llama -> command.addAll(List.of("--llama", llama)));
        return new LaunchCommand(command, PathTranslation::inWsl, true, List.of());
    }

    /** Starts Java itself: headroom.cmd would need cmd.exe and its quoting. */
    private static LaunchCommand windows(EnvironmentProfile profile) {
        String home = profile.text("home").orElseThrow();
        List<String> command = new ArrayList<>();
        command.add(PathTranslation.inWsl(profile.text("java").orElse(home + "\\runtime\\bin\\java.exe")));
        command.addAll(List.of("-jar", home + "\\lib\\headroom.jar", SERVE));
        profile.text("llama").ifPresent(llama -> command.addAll(List.of("--llama", llama)));
        return new LaunchCommand(
                command, path -> PathTranslation.inWindows(path, System.getenv("WSL_DISTRO_NAME")), true, List.of());
    }

    private static LaunchCommand ssh(EnvironmentProfile profile) {
        List<String> remote = new ArrayList<>();
        profile.text("cache").ifPresent(cache -> remote.addAll(List.of("env", "HEADROOM_CACHE=" + cache)));
        remote.add(home(profile) + "/headroom");
        remote.add(SERVE);
        profile.text("llama").ifPresent(llama -> remote.addAll(List.of("--llama", llama)));
        return new LaunchCommand(ssh(profile, remote), UnaryOperator.identity(), false, List.of());
    }

    private static String home(EnvironmentProfile profile) {
        return profile.text("home").orElse(DEFAULT_HOME);
    }

    /** ssh joins its arguments for a shell on the other side, so it gets one quoted argument. */
    private static List<String> ssh(EnvironmentProfile profile, List<String> remote) {
        List<String> command = new ArrayList<>(List.of("ssh", "-T", "-o", "BatchMode=yes"));
        command.addAll(profile.list("options"));
        command.addAll(List.of("--", profile.text("host").orElseThrow()));
        command.add(
                String.join(" ", remote.stream().map(PathTranslation::quoted).toList()));
        return command;
    }

    /**
     * The command that unpacks a bundle from standard input on the environment's machine. It replaces files of the
     * bundle and keeps all others.
     *
     * @return empty if the profile names no bundle
     */
    public static Optional<List<String>> unpacking(EnvironmentProfile profile) {
        if (profile.kind() != EnvironmentProfile.Kind.SSH
                || profile.text("bundle").isEmpty()) {
            return Optional.empty();
        }
        String home = PathTranslation.quoted(home(profile));
        List<String> command = ssh(profile, List.of());
        command.set(command.size() - 1, "mkdir -p " + home + " && tar -xzf - --strip-components=1 -C " + home);
        return Optional.of(command);
    }
}
