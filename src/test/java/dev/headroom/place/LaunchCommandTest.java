package dev.headroom.place;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import dev.headroom.plan.Profiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LaunchCommandTest {
    @TempDir
    Path folder;

    private HostFiles here() {
        return new HostFiles(
                folder.resolve("jdk"),
                List.of(Path.of("/h/headroom.jar")),
                Path.of("/h/llama"),
                Path.of("/cache"),
                List.of(Path.of("/m/my model.gguf")),
                List.of());
    }

    private EnvironmentProfile profile(String... lines) throws IOException {
        Files.createDirectories(folder.resolve("environments"));
        Files.writeString(folder.resolve("environments/place.properties"), String.join("\n", lines));
        return EnvironmentProfile.find(new Profiles(List.of(folder), Map.of()), "place")
                .orElseThrow();
    }

    private List<String> command(String... lines) throws IOException {
        return LaunchCommand.of(profile(lines), here(), "1").command();
    }

    @Test
    void prefixIsPutBeforeTheCommandOfThisHeadroom() throws IOException {
        assertThat(command("kind=command", "prefix=bwrap,--ro-bind,\"/a,b\",/,--"))
                .containsExactly(
                        "bwrap",
                        "--ro-bind",
                        "/a,b",
                        "/",
                        "--",
                        folder + "/jdk/bin/java",
                        "-cp",
                        "/h/headroom.jar",
                        "dev.headroom.cli.Headroom",
                        "serve",
                        "--llama",
                        "/h/llama");
        assertThat(command("kind=command", "prefix=nice", "home=/opt/headroom", "cache=/tmp/c"))
                .containsExactly("nice", "env", "HEADROOM_CACHE=/tmp/c", "/opt/headroom/headroom", "serve");
    }

    @Test
    void containerMountsItsFilesUnderTheSamePaths() throws IOException {
        Files.createDirectories(folder.resolve("jdk"));
        Path outside = Files.writeString(folder.resolve("net.properties"), "");
        Files.createSymbolicLink(folder.resolve("jdk/net.properties"), outside);

        LaunchCommand entrance = LaunchCommand.of(
                profile(
                        "kind=container",
                        "engine=podman",
                        "engineOptions=--cgroup-manager,cgroupfs",
                        "image=debian:12",
                        "gpu=nvidia",
                        "memory=8g",
                        "cpus=2",
                        "mounts=/data=/inside",
                        "options=--network,host"),
                here(),
                "1");

        assertThat(entrance.command())
                .containsExactly(
                        "podman",
                        "--cgroup-manager",
                        "cgroupfs",
                        "run",
                        "--rm",
                        "--interactive",
                        "--name",
                        "headroom-1",
                        "--env",
                        "LC_ALL=C.UTF-8",
                        "--mount",
                        "type=bind,source=" + folder + "/jdk,target=" + folder + "/jdk,readonly",
                        "--mount",
                        "type=bind,source=" + outside + ",target=" + outside + ",readonly",
                        "--mount",
                        "type=bind,source=/h/headroom.jar,target=/h/headroom.jar,readonly",
                        "--mount",
                        "type=bind,source=/h/llama,target=/h/llama,readonly",
                        "--mount",
                        "type=bind,source=/m/my model.gguf,target=/m/my model.gguf,readonly",
                        "--mount",
                        "type=bind,source=/cache,target=/cache",
                        "--env",
                        "HEADROOM_CACHE=/cache",
                        "--mount",
                        "type=bind,source=/data,target=/inside",
                        "--device",
                        "nvidia.com/gpu=all",
                        "--memory",
                        "8g",
                        "--memory-swap",
                        "8g",
                        "--cpus",
                        "2",
                        "--network",
                        "host",
                        "debian:12",
                        folder + "/jdk/bin/java",
                        "-cp",
                        "/h/headroom.jar",
                        "dev.headroom.cli.Headroom",
                        "serve",
                        "--llama",
                        "/h/llama");
        assertThat(entrance.end())
                .containsExactly("podman", "--cgroup-manager", "cgroupfs", "rm", "--force", "headroom-1");
        assertThat(entrance.sameMachine()).isTrue();
    }

    @Test
    void dockerHasItsOwnGpuOption() throws IOException {
        assertThat(command("kind=container", "engine=docker", "rootfs=/r", "gpu=nvidia"))
                .containsSequence("--gpus", "all")
                .containsSequence("--rootfs", "/r");
        assertThat(command("kind=container", "engine=docker", "image=i", "gpu=amd"))
                .containsSequence("--device", "/dev/kfd", "--device", "/dev/dri");
        assertThatThrownBy(() -> command("kind=container", "image=i", "gpu=some"))
                .isExactlyInstanceOf(BadInput.class)
                .hasMessageContaining("line 3): choose one of nvidia, amd, dri.");
        assertThatThrownBy(() -> command("kind=container", "image=i", "mounts=/data"))
                .isExactlyInstanceOf(BadInput.class)
                .hasMessageContaining("folder=folder inside");
        assertThatThrownBy(() -> command("kind=container", "image=i", "mounts=\"/a,b=/c\""))
                .isExactlyInstanceOf(BadInput.class)
                .hasMessageContaining("comma");
    }

    @Test
    void wslIsEnteredWithoutAShell() throws IOException {
        LaunchCommand entrance = LaunchCommand.of(
                profile("kind=wsl", "distribution=Debian", "user=me", "home=/home/me/headroom"), here(), "1");
        assertThat(entrance.command())
                .containsExactly(
                        "wsl.exe",
                        "--distribution",
                        "Debian",
                        "--user",
                        "me",
                        "--exec",
                        "/home/me/headroom/headroom",
                        "serve");
        assertThat(entrance.path().apply("C:\\models\\x.gguf")).isEqualTo("/mnt/c/models/x.gguf");
        assertThat(command("kind=wsl", "home=/h", "cache=/c", "llama=/l"))
                .containsExactly(
                        "wsl.exe", "--exec", "env", "HEADROOM_CACHE=/c", "/h/headroom", "serve", "--llama", "/l");
    }

    @Test
    void windowsIsEnteredWithItsJava() throws IOException {
        assertThat(command("kind=windows", "home=C:\\\\headroom", "llama=D:\\\\l"))
                .containsExactly(
                        "/mnt/c/headroom/runtime/bin/java.exe",
                        "-jar",
                        "C:\\headroom\\lib\\headroom.jar",
                        "serve",
                        "--llama",
                        "D:\\l");
    }

    @Test
    void sshGetsOneQuotedArgument() throws IOException {
        EnvironmentProfile profile = profile(
                "kind=ssh", "host=me@desk", "options=-p,2222", "home=/opt/head room", "bundle=/b.tar.gz", "cache=/c'd");
        assertThat(LaunchCommand.of(profile, here(), "1").command())
                .containsExactly(
                        "ssh",
                        "-T",
                        "-o",
                        "BatchMode=yes",
                        "-p",
                        "2222",
                        "--",
                        "me@desk",
                        "env 'HEADROOM_CACHE=/c'\\''d' '/opt/head room/headroom' serve");
        assertThat(LaunchCommand.of(profile, here(), "1").sameMachine()).isFalse();
        assertThat(LaunchCommand.unpacking(profile).orElseThrow())
                .containsExactly(
                        "ssh",
                        "-T",
                        "-o",
                        "BatchMode=yes",
                        "-p",
                        "2222",
                        "--",
                        "me@desk",
                        "mkdir -p '/opt/head room' && tar -xzf - --strip-components=1 -C '/opt/head room'");
        assertThat(LaunchCommand.unpacking(profile("kind=ssh", "host=x"))).isEmpty();
    }

    @Test
    void missingAndUnknownKeysAreErrors() {
        assertThatThrownBy(() -> profile("prefix=a")).hasMessageContaining("place.properties: give one of local,");
        assertThatThrownBy(() -> profile("kind=comand")).hasMessageContaining("did you mean command?");
        assertThatThrownBy(() -> profile("kind=command")).hasMessageContaining("No key prefix in");
        assertThatThrownBy(() -> profile("kind=command", "prefix=a", "imag=x"))
                .hasMessageContaining("place.properties, line 3): choose one of cache,");
        assertThatThrownBy(() -> profile("kind=container")).hasMessageContaining("image and rootfs");
        assertThatThrownBy(() -> profile("kind=container", "image=a", "rootfs=b"))
                .hasMessageContaining("image and rootfs");
        assertThatThrownBy(() -> profile("kind=wsl", "home=")).hasMessageContaining("home has no value");
        assertThatThrownBy(() -> profile("kind=windows", "home=C:/h", "cache=C:/c"))
                .hasMessageContaining("Unknown key 'cache' of kind windows");
    }
}
