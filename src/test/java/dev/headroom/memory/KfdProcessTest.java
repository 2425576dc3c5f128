package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.result.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Uses files in the form of the driver's topology. */
class KfdProcessTest {
    private static final String CPU =
            """
            cpu_cores_count 16
            simd_count 0
            mem_banks_count 1
            caches_count 0
            io_links_count 1
            cpu_core_id_base 0
            simd_id_base 0
            max_waves_per_simd 0
            vendor_id 0
            device_id 0
            location_id 0
            domain 0
            drm_render_minor 0
            """;

    private static final String GPU =
            """
            cpu_cores_count 0
            simd_count 192
            mem_banks_count 1
            caches_count 206
            io_links_count 1
            cpu_core_id_base 0
            simd_id_base 2147487744
            max_waves_per_simd 16
            lds_size_in_kb 64
            array_count 12
            vendor_id 4098
            device_id 29772
            location_id 768
            domain 0
            drm_render_minor 128
            hive_id 0
            num_sdma_engines 2
            local_mem_size 0
            unique_id 4703923867418542096
            """;

    /** The complete node 42700 of a machine with MI100 cards. */
    private static final String MI100 =
            """
            cpu_cores_count 0
            simd_count 480
            mem_banks_count 1
            caches_count 217
            io_links_count 1
            p2p_links_count 3
            cpu_core_id_base 0
            simd_id_base 2147487744
            max_waves_per_simd 10
            lds_size_in_kb 64
            gds_size_in_kb 0
            num_gws 64
            wave_front_size 64
            array_count 8
            simd_arrays_per_engine 1
            cu_per_simd_array 16
            simd_per_cu 4
            max_slots_scratch_cu 32
            gfx_target_version 90008
            vendor_id 4098
            device_id 29580
            location_id 8960
            domain 0
            drm_render_minor 128
            hive_id 0
            num_sdma_engines 2
            num_sdma_xgmi_engines 6
            num_sdma_queues_per_engine 8
            num_cp_queues 24
            max_engine_clk_fcompute 1502
            local_mem_size 0
            fw_version 65
            capability 749970048
            debug_prop 1494
            sdma_fw_version 18
            unique_id 7809984429061111111
            num_xcc 1
            max_engine_clk_ccompute 2000
            """;

    private final Path kfd;

    KfdProcessTest(@TempDir Path kfd) {
        this.kfd = kfd;
    }

    private void node(int number, String gpuId, String properties) throws IOException {
        Path folder = Files.createDirectories(kfd.resolve("topology/nodes/" + number));
        Files.writeString(folder.resolve("gpu_id"), gpuId);
        Files.writeString(folder.resolve("properties"), properties);
    }

    @Test
    void readsTheNodeOfARealCard() {
        assertThat(KfdProcess.node("42700\n", MI100)).contains(new KfdProcess.Node(42700, "0000:23:00.0"));
    }

    @ParameterizedTest
    @CsvSource({
        "768, 0, 0000:03:00.0",
        // a reported card of target gfx1201
        "33792, 0, 0000:84:00.0",
        "10497, 0, 0000:29:00.1",
        "65535, 1, 0001:ff:1f.7",
        "50176, 65537, 10001:c4:00.0",
        // the bits above 16 are the part of a card
        "268436224, 0, 0000:03:00.0"
    })
    void readsThePciAddress(long location, long domain, String pciId) {
        String properties =
                GPU.replace("location_id 768", "location_id " + location).replace("domain 0", "domain " + domain);
        assertThat(KfdProcess.node("51140\n", properties)).contains(new KfdProcess.Node(51140, pciId));
    }

    @Test
    void oldKernelsHaveNoDomain() {
        assertThat(KfdProcess.node("51140\n", GPU.replace("domain 0\n", "")))
                .contains(new KfdProcess.Node(51140, "0000:03:00.0"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "location_id",
                "location_id \n",
                "location_id -1\n",
                "location_id 0x300\n",
                "xlocation_id 768\n"
            })
    void nodeWithoutAnAddressIsNoCard(String properties) {
        assertThat(KfdProcess.node("51140\n", properties)).isEmpty();
    }

    @Test
    void nodeWithoutAnIdIsNoCard() {
        assertThat(KfdProcess.node("0\n", CPU)).isEmpty();
        assertThat(KfdProcess.node("", GPU)).isEmpty();
        assertThat(KfdProcess.node("none\n", GPU)).isEmpty();
        assertThat(KfdProcess.node("51140\n", GPU.replace("domain 0", "domain 99999999999")))
                .isEmpty();
    }

    @Test
    void absentUntilTheProcessOpensTheCard() throws IOException, MeterUnavailable {
        node(0, "0\n", CPU);
        node(2, "7000\n", GPU.replace("location_id 768", "location_id 1024"));
        node(1, "51140\n", GPU);

        List<Meter> meters = KfdProcess.open(kfd, 4711, false);

        assertThat(meters)
                .extracting(meter -> meter.card().orElseThrow())
                .containsExactly("0000:03:00.0", "0000:04:00.0");
        Meter first = meters.get(0);
        assertThat(first.read()).isEmpty();
        Path process = Files.createDirectories(kfd.resolve("proc/4711"));
        Files.writeString(process.resolve("vram_51140"), "8589934592\n");
        Files.writeString(process.resolve("sdma_51140"), "12\n");
        assertThat(first.read()).hasValue(8L << 30);
        assertThat(meters.get(1).read()).isEmpty();
        Files.writeString(process.resolve("vram_51140"), "nothing\n");
        assertThat(first.read()).isEmpty();
        assertThat(first.metric()).isEqualTo(Metric.VRAM_PROCESS_PEAK);
    }

    @Test
    void processIdOfAnotherProcessIsRefused() throws IOException, MeterUnavailable {
        node(1, "51140\n", GPU);
        Files.createDirectories(kfd.resolve("proc/4711"));
        assertThatThrownBy(() -> KfdProcess.open(kfd, 4711, false))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("process 4711")
                .hasMessageContaining("container");
        assertThat(KfdProcess.open(kfd, 4711, true)).hasSize(1);
    }

    @Test
    void unavailableWithoutKfdOrCards() throws IOException {
        assertThatThrownBy(() -> KfdProcess.open(kfd, 4711, false))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("there is no " + kfd.resolve("topology/nodes") + " on this system");
        node(0, "0\n", CPU);
        assertThatThrownBy(() -> KfdProcess.open(kfd, 4711, false))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("lists no card");
    }
}
