package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.headroom.result.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uses a sysfs with symbolic links like those of the kernel. */
class DrmCardsTest {
    private final Path sysfs;
    private final Path root;

    DrmCardsTest(@TempDir Path root) throws IOException {
        this.root = root;
        this.sysfs = Files.createDirectories(root.resolve("class/drm"));
    }

    private Path card(String node, String address, String driver) throws IOException {
        Path device = Files.createDirectories(root.resolve("devices").resolve(address));
        Path drivers = Files.createDirectories(root.resolve("bus/drivers").resolve(driver));
        Files.createSymbolicLink(device.resolve("driver"), drivers);
        Path folder = Files.createDirectories(sysfs.resolve(node));
        Files.createSymbolicLink(folder.resolve("device"), device);
        return device;
    }

    @Test
    void listsCardsOnAPciBus() throws IOException, MeterUnavailable {
        card("renderD129", "0000:0B:00.0", "nvidia");
        card("renderD128", "0000:03:00.0", "amdgpu");
        card("renderD130", "simple-framebuffer.0", "simpledrm");
        card("card0", "0000:04:00.0", "ast");
        Files.createDirectories(sysfs.resolve("renderD131"));

        assertThat(DrmCards.list(sysfs))
                .extracting(DrmCards.Card::pciId, DrmCards.Card::driver)
                .containsExactly(tuple("0000:03:00.0", "amdgpu"), tuple("0000:0b:00.0", "nvidia"));
    }

    @Test
    void missingSysfsIsUnavailable() {
        assertThatThrownBy(() -> DrmCards.list(root.resolve("none")))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("there is no " + root.resolve("none") + " on this system");
    }

    @Test
    void amdgpuReportsVramAndGtt() throws IOException, MeterUnavailable {
        Path device = card("renderD128", "0000:03:00.0", "amdgpu");
        Files.writeString(device.resolve("mem_info_vram_used"), "17163091968\n");
        Files.writeString(device.resolve("mem_info_gtt_used"), "29360128\n");
        List<DrmCards.Card> cards = DrmCards.list(sysfs);

        Meter vram = AmdDevice.open(cards, AmdDevice.Reading.VRAM).get(0);
        Meter gtt = AmdDevice.open(cards, AmdDevice.Reading.GTT).get(0);

        assertThat(vram.metric()).isEqualTo(Metric.VRAM_PEAK);
        assertThat(vram.read()).hasValue(17_163_091_968L);
        assertThat(gtt.metric()).isEqualTo(Metric.VRAM_SHARED_PEAK);
        assertThat(gtt.read()).hasValue(29_360_128L);
        assertThat(vram.card()).contains("0000:03:00.0");
        Files.writeString(device.resolve("mem_info_vram_used"), "17163091969\n");
        assertThat(vram.read()).hasValue(17_163_091_969L);
        Files.writeString(device.resolve("mem_info_vram_used"), "");
        assertThat(vram.read()).isEmpty();
        vram.close();
        gtt.close();
    }

    @Test
    void metersAreUnavailableWithoutTheirDrivers() throws IOException {
        card("renderD128", "0000:03:00.0", "nvidia");
        assertThatThrownBy(() -> AmdDevice.open(DrmCards.list(sysfs), AmdDevice.Reading.VRAM))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("no card here has the file mem_info_vram_used of amdgpu");
        assertThatThrownBy(() -> DrmProcess.open(DrmCards.list(sysfs), DrmProcess.Reading.CARD, root))
                .isInstanceOf(MeterUnavailable.class);
    }

    @Test
    void readsOpenFilesOfACard() throws IOException, MeterUnavailable {
        card("renderD128", "0000:03:00.0", "amdgpu");
        Path process = root.resolve("self");
        Files.createDirectories(process.resolve("fd"));
        Files.createDirectories(process.resolve("fdinfo"));
        Meter meter = DrmProcess.open(DrmCards.list(sysfs), DrmProcess.Reading.CARD, process)
                .get(0);
        Meter shared = DrmProcess.open(DrmCards.list(sysfs), DrmProcess.Reading.SYSTEM, process)
                .get(0);
        assertThat(meter.read()).isEmpty();
        String text =
                """
                drm-driver:\tamdgpu
                drm-client-id:\t7
                drm-pdev:\t0000:03:00.0
                drm-memory-vram:\t64 KiB
                drm-memory-gtt:\t32 KiB
                """;
        Files.createSymbolicLink(process.resolve("fd/5"), Path.of("/dev/dri/renderD128"));
        assertThat(meter.read()).isEmpty();
        Files.writeString(process.resolve("fdinfo/5"), text);
        Files.createSymbolicLink(process.resolve("fd/6"), Path.of("/dev/null"));
        Files.writeString(process.resolve("fdinfo/6"), text.replace("id:\t7", "id:\t8"));
        assertThat(meter.read()).hasValue(64 * 1024);
        assertThat(meter.metric()).isEqualTo(Metric.VRAM_PROCESS_PEAK);
        assertThat(shared.read()).hasValue(32 * 1024);
        assertThat(shared.metric()).isEqualTo(Metric.VRAM_SHARED_PEAK);
        assertThat(shared.signal().scope()).isEqualTo(Meter.Scope.PROCESS);
    }
}
