package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpusTest {
    private final FakeMachine machine;

    GpusTest(@TempDir Path root) {
        machine = FakeMachine.linux(root, "6.8.0");
    }

    private void card(String address, String uevent) {
        machine.file("sys/bus/pci/devices/" + address + "/uevent", uevent);
    }

    private Map<String, String> facts() {
        Facts facts = new Facts();
        Gpus.putInto(facts, machine.machine(), PciDevice.all(machine.machine()));
        return facts.asMap();
    }

    @Test
    void cardsAreNumberedAfterNvidias() {
        card("0000:00:02.0", "DRIVER=i915\nPCI_CLASS=30000\nPCI_ID=8086:5912\n");
        card("0000:01:00.0", "DRIVER=nvidia\nPCI_CLASS=30000\nPCI_ID=10DE:2684\n");
        card("0000:02:00.0", "DRIVER=nvidia\nPCI_CLASS=30200\nPCI_ID=10DE:2684\n");

        assertThat(facts()).containsExactly(entry("gpu3", "Intel 8086:5912"), entry("gpu3Driver", "i915"));
    }

    @Test
    void nvidiaCardWithAnotherDriverIsListed() {
        card("0000:01:00.0", "DRIVER=nouveau\nPCI_CLASS=30000\nPCI_ID=10DE:1C03\n");
        card("0000:02:00.0", "PCI_CLASS=38000\nPCI_ID=1002:740F\n");

        assertThat(facts())
                .containsExactly(
                        entry("gpu", "NVIDIA 10de:1c03"),
                        entry("gpuDriver", "nouveau"),
                        entry("gpu2", "AMD 1002:740f"));
    }

    @Test
    void externalDriverHasAVersion() {
        card("0000:03:00.0", "DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:744C\n");
        machine.file("sys/module/amdgpu/version", "6.12.12\n")
                .file("sys/bus/pci/devices/0000:03:00.0/revision", "0xc8\n");

        assertThat(facts()).containsExactly(entry("gpu", "AMD 1002:744c rev c8"), entry("gpuDriver", "amdgpu 6.12.12"));
    }

    @Test
    void devicesThatCannotComputeAreLeftOut() {
        card("0000:00:01.0", "DRIVER=virtio-pci\nPCI_CLASS=30000\nPCI_ID=1AF4:1050\n");
        card("0000:00:03.0", "DRIVER=ast\nPCI_CLASS=30000\nPCI_ID=1A03:2000\n");
        card("0000:00:1f.3", "DRIVER=snd_hda_intel\nPCI_CLASS=40300\nPCI_ID=8086:A2F0\n");

        assertThat(facts()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "connected, enabled, active",
        "connected, disabled, connected",
        "disconnected, disabled, none",
        "unknown, disabled, none"
    })
    void displayIsActiveConnectedOrNone(String status, String enabled, String display) {
        card("0000:03:00.0", "PCI_CLASS=30000\nPCI_ID=1002:744C\n");
        String connector = "sys/bus/pci/devices/0000:03:00.0/drm/card1/card1-DP-";
        machine.file(connector + "1/status", "disconnected\n")
                .file(connector + "1/enabled", "disabled\n")
                .file(connector + "2/status", status + "\n")
                .file(connector + "2/enabled", enabled + "\n");

        assertThat(facts()).containsEntry("gpuDisplay", display);
    }

    @Test
    void cardWithoutConnectorsHasNoDisplayFact() {
        card("0000:03:00.0", "PCI_CLASS=38000\nPCI_ID=1002:740F\n");
        machine.file("sys/bus/pci/devices/0000:03:00.0/drm/renderD128/dev", "226:128\n");

        assertThat(facts()).doesNotContainKey("gpuDisplay");
    }

    @Test
    void malformedDeviceIsLeftOut() {
        assertThat(PciDevice.parse("f", List.of("PCI_ID=1002:744C"))).isEmpty();
        assertThat(PciDevice.parse("f", List.of("PCI_CLASS=30000", "PCI_ID=1002")))
                .isEmpty();
        assertThat(PciDevice.parse("f", List.of("PCI_CLASS=3000000000", "PCI_ID=1002:744C")))
                .isEmpty();
        assertThat(PciDevice.parse("f", List.of("DRIVER=../x", "PCI_CLASS=30000", "PCI_ID=1002:744C"))
                        .orElseThrow()
                        .driver())
                .isNull();
    }

    @Test
    void bothCardsOfAMacAreListed() {
        Facts facts = new Facts();
        MacOs.gpus(
                """
                Graphics/Displays:

                    Intel UHD Graphics 630:

                      Chipset Model: Intel UHD Graphics 630
                      Metal Support: Metal 3

                    Radeon Pro Vega 20:

                      Chipset Model: Radeon Pro Vega 20
                      Metal Family: Supported, Metal GPUFamily macOS 2
                      Displays:
                        Color LCD:
                          Online: Yes
                """
                        .lines()
                        .toList(),
                facts);

        assertThat(facts.asMap())
                .containsExactly(
                        entry("gpu", "Intel UHD Graphics 630"),
                        entry("gpuMetal", "Metal 3"),
                        entry("gpu2", "Radeon Pro Vega 20"),
                        entry("gpu2Metal", "Supported, Metal GPUFamily macOS 2"),
                        entry("gpu2Display", "active"));
    }
}
