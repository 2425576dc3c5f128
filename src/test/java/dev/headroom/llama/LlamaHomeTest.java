package dev.headroom.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlamaHomeTest {
    private static final BinaryHeader LINUX_X64 = BinaryHeader.of("Linux", "amd64");

    private final Path directory;

    private final Properties properties = new Properties();

    LlamaHomeTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private Path find(@Nullable Path named, Map<String, String> environment) {
        Set<Path> roots = new LinkedHashSet<>(List.of(directory.resolve("jar"), directory.resolve("work")));
        return LlamaHome.find(named, properties, environment, roots, LINUX_X64);
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }

    private Path install(String root, String variant, String platform, int machine) throws IOException {
        Path bins = folder(
                root + "/natives/" + variant + "/node_modules/@node-llama-cpp/" + platform + "/bins/" + platform);
        Files.write(bins.resolve("libllama.v0.4.0.so"), BinaryHeaderTest.elf(machine));
        return bins;
    }

    @Test
    void optionIsUsedBeforePropertyBeforeEnvironment() throws IOException {
        Path option = folder("option");
        Path property = folder("property");
        Path variable = folder("variable");
        Map<String, String> environment = Map.of("HEADROOM_LLAMA", variable.toString());
        properties.setProperty("llama.home", "");
        assertThat(find(null, environment)).isEqualTo(variable);
        properties.setProperty("llama.home", property.toString());
        assertThat(find(Path.of(""), environment)).isEqualTo(property);
        assertThat(find(option, environment)).isEqualTo(option);
    }

    @Test
    void packageForThisMachineIsFound() throws IOException {
        install("work", "vulkan", "linux-arm64", 183);
        Path x64 = install("work", "vulkan", "linux-x64-vulkan", 62);
        Path cpu = install("work", "cpu", "linux-x64", 62);
        assertThat(find(null, Map.of())).isEqualTo(x64);
        properties.setProperty("natives", "cpu");
        assertThat(find(null, Map.of())).isEqualTo(cpu);
        Path nearer = install("jar", "cpu", "linux-x64", 62);
        assertThat(find(null, Map.of())).isEqualTo(nearer);
    }

    @Test
    void givenDirectoryMustExist() throws IOException {
        install("work", "vulkan", "linux-x64-vulkan", 62);
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> find(file, Map.of()))
                .isInstanceOf(BadInput.class)
                .hasMessage(file + ", given by --llama, is a file: give the directory with llama.cpp's libraries.");
        assertThatThrownBy(() -> find(null, Map.of("HEADROOM_LLAMA", directory + "/none")))
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith(
                        directory + "/none, given by the environment variable HEADROOM_LLAMA, does not exist: give");
    }

    @Test
    void messageListsTheSearchedFolders() throws IOException {
        install("work", "vulkan", "linux-arm64", 183);
        assertThatThrownBy(() -> find(null, Map.of()))
                .isInstanceOf(BadInput.class)
                .hasMessageContainingAll(
                        "--llama",
                        "-Dllama.home",
                        "HEADROOM_LLAMA",
                        directory.resolve("jar/natives/vulkan/node_modules").toString(),
                        directory.resolve("work/natives/vulkan/node_modules") + " (nothing for Linux on x86-64)",
                        "npm ci");
    }
}
