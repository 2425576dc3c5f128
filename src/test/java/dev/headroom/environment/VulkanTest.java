package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VulkanTest {
    private final FakeMachine machine;

    VulkanTest(@TempDir Path root) {
        machine = FakeMachine.linux(root, "6.8.0");
    }

    private Map<String, String> facts() {
        Facts facts = new Facts();
        Vulkan.putInto(facts, machine.machine());
        return facts.asMap();
    }

    private void manifest(String path, String version) {
        machine.file(path, "{\"ICD\": {\"library_path\": \"libx.so\", \"api_version\" : \"" + version + "\"}}");
    }

    @Test
    void installedLoaderAndDriversAreListed() {
        machine.link("usr/lib64/libvulkan.so.1", "libvulkan.so.1.4.309");
        manifest("usr/share/vulkan/icd.d/radeon_icd.x86_64.json", "1.4.305");
        manifest("etc/vulkan/icd.d/nvidia_icd.json", "1.4.303");
        manifest("usr/share/vulkan/icd.d/note.txt", "1.0");

        assertThat(facts())
                .containsExactly(
                        entry("vulkanLoader", "1.4.309"),
                        entry("vulkanDrivers", "nvidia_icd 1.4.303, radeon_icd.x86_64 1.4.305"));
    }

    @Test
    void variableReplacesTheDefaultFolders() {
        manifest("usr/share/vulkan/icd.d/radeon_icd.x86_64.json", "1.4.305");
        manifest("opt/mine.json", "1.3.1");

        assertThat(machine.variable("VK_ICD_FILENAMES", "/opt/mine.json:/not/there.json")
                        .machine())
                .isNotNull();
        assertThat(facts()).containsExactly(entry("vulkanDrivers", "mine 1.3.1"));
        machine.variable("VK_DRIVER_FILES", "/usr/share/vulkan/icd.d/radeon_icd.x86_64.json");
        assertThat(facts())
                .as("the newer variable wins")
                .containsExactly(entry("vulkanDrivers", "radeon_icd.x86_64 1.4.305"));
    }

    @Test
    void malformedVersionIsAbsent() {
        machine.link("usr/lib/libvulkan.so.1", "libvulkan.so.1");
        manifest("usr/share/vulkan/icd.d/a.json", "new");
        machine.file("usr/share/vulkan/icd.d/b.json", "");

        assertThat(facts()).isEmpty();
    }
}
