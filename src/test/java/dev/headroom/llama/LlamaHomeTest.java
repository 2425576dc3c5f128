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
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlamaHomeTest {
    private static final BinaryHeader LINUX_X64 = BinaryHeader.needed("Linux", "amd64");

    private final Path directory;

    private final Properties properties = new Properties();

    LlamaHomeTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private Path find(Optional<Path> named, Map<String, String> environment) {
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
    void theOptionThenThePropertyThenTheEnvironment() throws IOException {
        Path option = folder("option");
        Path property = folder("property");
        Path variable = folder("variable");
        Map<String, String> environment = Map.of("HEADROOM_LLAMA", variable.toString());
        properties.setProperty("llama.home", "");
        assertThat(find(Optional.empty(), environment)).isEqualTo(variable);
        properties.setProperty("llama.home", property.toString());
        assertThat(find(Optional.of(Path.of("")), environment)).isEqualTo(property);
        assertThat(find(Optional.of(option), environment)).isEqualTo(option);
    }

    @Test
    void thePackageForThisMachine() throws IOException {
        install("work", "vulkan", "linux-arm64", 183);
        Path x64 = install("work", "vulkan", "linux-x64-vulkan", 62);
        Path cpu = install("work", "cpu", "linux-x64", 62);
        assertThat(find(Optional.empty(), Map.of())).isEqualTo(x64);
        properties.setProperty("natives", "cpu");
        assertThat(find(Optional.empty(), Map.of())).isEqualTo(cpu);
        Path nearer = install("jar", "cpu", "linux-x64", 62);
        assertThat(find(Optional.empty(), Map.of())).isEqualTo(nearer);
    }

    @Test
    void whatIsNamedIsNotPassedOver() throws IOException {
        install("work", "vulkan", "linux-x64-vulkan", 62);
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> find(Optional.of(file), Map.of()))
                .isInstanceOf(BadInput.class)
                .hasMessage("--llama gives " + file
                        + ", which is a file: give the directory that holds llama.cpp's libraries.");
        assertThatThrownBy(() -> find(Optional.empty(), Map.of("HEADROOM_LLAMA", directory + "/none")))
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith(
                        "the environment variable HEADROOM_LLAMA gives " + directory + "/none, which does not exist");
    }

    @Test
    void nothingNamesAllThatWasTried() throws IOException {
        install("work", "vulkan", "linux-arm64", 183);
        assertThatThrownBy(() -> find(Optional.empty(), Map.of()))
                .isInstanceOf(BadInput.class)
                .hasMessageContainingAll(
                        "--llama",
                        "-Dllama.home",
                        "HEADROOM_LLAMA",
                        directory.resolve("jar/natives/vulkan/node_modules").toString(),
                        directory.resolve("work/natives/vulkan/node_modules") + " (nothing in it for Linux on x86-64)",
                        "npm ci");
    }
}
