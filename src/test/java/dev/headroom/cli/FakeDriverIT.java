package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.cli.HeadroomProcess.Result;
import dev.headroom.memory.FakeNvml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code headroom run} as a user runs it, with many kinds of NVIDIA driver: the loader finds
 * {@code src/test/c/fake_nvml.c} in their place. There is no warm-up, so the first measured iteration begins when the
 * fork initialises NVML. The iterations then cover the times of a timeline, also on a slow machine.
 */
@EnabledOnOs(OS.LINUX)
class FakeDriverIT {
    @TempDir
    Path directory;

    /** Whether software Vulkan is a device. */
    private boolean vulkan;

    /** The last run's standard error, with that of its forks. */
    private String err = "";

    @BeforeAll
    static void thereIsNoDriverOfWsl() {
        assumeFalse(
                Files.exists(Path.of("/usr/lib/wsl/lib/libnvidia-ml.so.1")),
                "NVIDIA's own driver is there and is found first");
    }

    @Test
    void scriptedPeakIsInTheIterationsAndTheirOtherColumnsAreFilled() throws IOException, InterruptedException {
        String library =
                FakeNvml.build("run", "TIMELINE=\"0:1024,3000:3000,4000:1600\"", "PROCESS=(700*MIB)", "THROTTLE=0x25");

        List<CSVRecord> iterations = run(library, "NativeCall", 5, "1s");

        assertThat(iterations)
                .extracting(row -> row.get("vram_peak_mib"))
                .contains("3000")
                .endsWith("1600");
        for (CSVRecord row : iterations) {
            assertThat(row.get("vram_peak_mib")).isIn("1024", "3000", "1600");
            assertThat(row.get("vram_baseline_mib")).isEqualTo("1024");
            assertThat(row.get("vram_reserved_mib")).isEqualTo("300");
            assertThat(row.get("vram_process_peak_mib")).isEqualTo("700");
            assertThat(row.get("vram_shared_peak_mib")).isEmpty();
            assertThat(number(row, "vram_samples")).isGreaterThanOrEqualTo(2);
            assertThat(number(row, "vram_gap_max_ms")).isPositive();
            assertThat(number(row, "gpu_energy_j")).isGreaterThan(60);
            assertThat(number(row, "gpu_power_w")).isBetween(40.0, 150.0);
            assertThat(row.get("gpu_clock_sm_mhz")).isEqualTo("1500");
            assertThat(row.get("gpu_clock_memory_mhz")).isEqualTo("9500");
            assertThat(row.get("gpu_temperature_celsius")).isEqualTo("61");
            assertThat(row.get("gpu_throttled_percent")).isEqualTo("100");
            assertThat(row.get("noise").split(" ", -1)).contains("gpu-others", "gpu-heat");
        }
        JsonNode run = json();
        assertThat(run.get("meters").findValuesAsText("name")).contains("nvml.device", "nvml.reserved", "nvml.process");
        assertThat(run.get("unavailable")).isEmpty();
        assertThat(run.at("/environment/gpu").asText()).isEqualTo("Fake GPU");
        assertThat(run.at("/environment/gpuDriver").asText()).isEqualTo("570.00");
        assertThat(run.at("/environment/gpuUuid").asText()).startsWith("GPU-");
        assertThat(run.get("environment").has("gpuDriverModel")).isFalse();
        assertThat(run.at("/cells/0/metrics/·vram.peak/value").asDouble()).isEqualTo(3000);
        JsonNode jmh = files().json("jmh.json");
        assertThat(jmh.at("/0/secondaryMetrics/·gpu.temperature/scoreUnit").asText())
                .isEqualTo("°C");
        assertThat(run.get("warnings")).noneMatch(warning -> warning.asText().contains("stopped answering"));
        assertThat(err).containsOnlyOnce("headroom: the GPU was throttled: power cap, thermal slowdown");
    }

    @ParameterizedTest
    @CsvSource({"wddm, PROCESS=~0ULL, DRIVER_MODEL=0", "wsl2, PROCESS=~0ULL, CARDS=1", "container, FOREIGN, CARDS=1"})
    void memoryOfTheProcessIsAbsentIfTheDriverDoesNotReportIt(String scenario, String process, String other)
            throws IOException, InterruptedException {
        List<CSVRecord> iterations = run(FakeNvml.build(scenario, process, other), "NativeCall", 1, "300ms");

        assertThat(iterations.get(0).get("vram_peak_mib")).isEqualTo("1024");
        assertThat(iterations.get(0).get("vram_process_peak_mib")).isEmpty();
        assertThat(json().at("/cells/0/metrics").has("·vram.process.peak")).isFalse();
        assertThat(json().at("/environment/gpuDriverModel").asText()).isEqualTo(scenario.equals("wddm") ? "WDDM" : "");
    }

    @Test
    void oldDriverIsReadAsFarAsItGoes() throws IOException, InterruptedException {
        CSVRecord row = run(FakeNvml.build("run-old", "OLD", "PROCESS=(700*MIB)"), "NativeCall", 1, "300ms")
                .get(0);

        assertThat(row.get("vram_peak_mib")).isEqualTo("1024");
        assertThat(row.get("vram_process_peak_mib")).isEqualTo("700");
        assertThat(row.get("gpu_energy_j")).isEmpty();
        assertThat(row.get("gpu_power_w")).isEqualTo("75");
        assertThat(row.get("gpu_throttled_percent")).isEqualTo("0");
        assertThat(row.get("noise")).doesNotContain("gpu-heat");
        assertThat(row.isMapped("vram_reserved_mib")).isFalse();
    }

    @Test
    void lostDeviceKeepsTheTiming() throws IOException, InterruptedException {
        List<CSVRecord> iterations = run(FakeNvml.build("run-lost", "LOST_AT=5500"), "NativeCall", 4, "2s");

        for (String column : List.of(
                "vram_peak_mib",
                "vram_baseline_mib",
                "vram_reserved_mib",
                "vram_samples",
                "gpu_energy_j",
                "gpu_temperature_celsius")) {
            List<String> values =
                    iterations.stream().map(row -> row.get(column)).toList();
            assertThat(values.get(0)).as(column).isNotEmpty();
            assertThat(values.get(3)).as(column).isEmpty();
            assertThat(values).as(column).doesNotContain("0");
        }
        assertThat(iterations).allSatisfy(row -> {
            assertThat(number(row, "score")).isPositive();
            assertThat(number(row, "ram_peak_mib")).isPositive();
        });
        JsonNode metrics = json().at("/cells/0/metrics");
        assertThat(metrics.at("/·vram.peak/value").asDouble()).isEqualTo(1024);
        assertThat(metrics.has("·gpu.power"))
                .as("a mean of values that were not measured")
                .isFalse();
        assertThat(err).contains("not measured any more in this fork");
        assertThat(json().get("warnings")).anySatisfy(warning -> assertThat(warning.asText())
                .contains("stopped answering", "·vram.peak", "·gpu.temperature"));
    }

    @Test
    void firstOfSeveralCardsIsMeasuredAndAllAreSummed() throws IOException, InterruptedException {
        List<CSVRecord> iterations = run(FakeNvml.build("run-two", "CARDS=2"), "NativeCall", 1, "300ms");

        assertThat(iterations.get(0).get("vram_peak_mib")).isEqualTo("1024");
        assertThat(iterations.get(0).get("vram_all_peak_mib")).isEqualTo("3072");
        assertThat(err).contains("which of 2 GPUs holds the model");
        assertThat(json().at("/environment/gpu2").asText()).isEqualTo("Fake GPU");
    }

    @Test
    void accountingIsPreferredToTheListOfProcesses() throws IOException, InterruptedException {
        List<CSVRecord> iterations = run(
                FakeNvml.build("run-accounting", "ACCOUNTING=(900*MIB)", "PROCESS=(700*MIB)"),
                "NativeCall",
                1,
                "300ms");

        assertThat(iterations.get(0).get("vram_process_peak_mib")).isEqualTo("900");
        assertThat(json().get("meters").findValuesAsText("name"))
                .contains("nvml.accounting")
                .doesNotContain("nvml.process");
    }

    /** Another program takes 4,000 MiB of the card and frees them, again and again. */
    @Test
    void disturbedProofIsReportedAndNotStored() throws IOException, InterruptedException {
        String moves = IntStream.range(0, 40)
                .mapToObj(i -> 250 * i + ":" + (i % 2 == 0 ? 1000 : 5000))
                .collect(Collectors.joining(","));
        String library = FakeNvml.build("moving", "TIMELINE=\"" + moves + "\"");
        Path cache = directory.resolve("cache");

        Result result = headroom(library)
                .environment("HEADROOM_CACHE", cache.toString())
                .run(directory, "meters", "--json");

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(result.err())
                .containsPattern("Another program took [34][0-9]{3} MiB of the card while the meters were proven");
        assertThat(new ObjectMapper().readTree(result.out()).get("disturbedMib").asDouble())
                .isBetween(3700.0, 4000.0); // a block of up to 256 MiB may hide a part
        assertThat(cache).isDirectoryNotContaining("glob:**meters-*");
    }

    @Test
    void stubOfTheToolkitIsNamedInTheWarning() throws IOException, InterruptedException {
        String stub = FakeNvml.buildAs("libnvidia-ml.so", "run-stub", "STUB");

        Result result = headroom(stub).run(directory, "run", "--dry-run", "--benchmark=NativeCall");

        assertThat(result.exit()).as(result.toString()).isZero();
        assertThat(result.err()).contains("libnvidia-ml.so cannot be initialised: Driver Not Loaded");
    }

    /** The scripted card has 1 GiB in use, and this process's resident memory, where software Vulkan puts the model. */
    @Test
    void peakOfACardIsDividedIntoParts() throws IOException, InterruptedException {
        assumeTrue(
                Files.exists(Path.of("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")),
                "mesa-vulkan-drivers is not installed");
        vulkan = true;

        run(FakeNvml.build("run-follow", "FOLLOW"), "TokenGeneration", 2, "300ms");

        JsonNode cell = json().at("/cells/0");
        JsonNode waterfall = cell.at("/waterfalls/0");
        assertThat(waterfall.get("memory").asText()).isEqualTo("vram");
        assertThat(waterfall.get("peak").asDouble())
                .isEqualTo(cell.at("/metrics/·vram.peak/value").asDouble());
        assertThat(waterfall.get("parts").fieldNames())
                .toIterable()
                .containsExactly("reserved", "others", "context", "weights", "kv", "compute", "residual");
        double sum = 0;
        for (JsonNode part : waterfall.get("parts")) {
            sum += part.asDouble();
        }
        assertThat(sum).isCloseTo(waterfall.get("peak").asDouble(), within(0.01));
        assertThat(waterfall.at("/parts/reserved").asDouble()).isEqualTo(300);
        assertThat(waterfall.at("/parts/others").asDouble()).isBetween(724.0, 900.0);
        assertThat(waterfall.at("/parts/weights").asDouble()).isBetween(15.0, 30.0);
        assertThat(waterfall.at("/parts/kv").asDouble()).isPositive();
        assertThat(waterfall.at("/parts/context").asDouble()).isPositive();
        assertThat(cell.get("phases").fieldNames())
                .toIterable()
                .containsExactly("start", "backend", "model", "context", "decode");
        assertThat(cell.at("/phases/decode/vram").asDouble())
                .isGreaterThan(cell.at("/phases/start/vram").asDouble());
        assertThat(cell.at("/phases/decode/ram.pss").asDouble()).isPositive();
    }

    private HeadroomProcess headroom(String library) {
        HeadroomProcess process = new HeadroomProcess()
                .limitAddressSpace()
                .environment(
                        "LD_LIBRARY_PATH", Path.of(library).resolveSibling("").toString());
        return vulkan ? process.environment("GGML_VK_VISIBLE_DEVICES", "0") : process;
    }

    /** The rows of {@code iterations.csv}. */
    private List<CSVRecord> run(String library, String benchmark, int iterations, String time)
            throws IOException, InterruptedException {
        Result result = headroom(library)
                .run(
                        directory,
                        "run",
                        "--model=synthetic-stories-15m-q8_0",
                        "--context=64",
                        "--benchmark=" + benchmark,
                        "--warmup=0",
                        "--iterations=" + iterations,
                        "--time=" + time);
        err = result.err();
        assertThat(result.exit()).as(result.toString()).isZero();
        List<CSVRecord> rows = files().csv("iterations.csv");
        assertThat(rows).hasSize(iterations);
        return rows;
    }

    private RunFiles files() throws IOException {
        return RunFiles.in(directory.resolve("results"));
    }

    private JsonNode json() throws IOException {
        return files().json("run.json");
    }

    private static double number(CSVRecord row, String column) {
        return Double.parseDouble(row.get(column));
    }
}
