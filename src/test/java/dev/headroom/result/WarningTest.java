package dev.headroom.result;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.result.MeterReport.Verdict;
import dev.headroom.result.Run.MeterFact;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class WarningTest {
    private static final MeterFact CARD = new MeterFact("nvml.device", "device", "resident", List.of("·vram.peak"));
    private static final MeterFact PROCESS = new MeterFact("linux.hwm", "process", "resident", List.of("·ram.peak"));
    private static final MeterFact GROUP =
            new MeterFact("cgroup.usage", "system", "resident", List.of("·ram.cgroup.peak"));

    private static List<Warning> misleading(MeterFact meter, Verdict... verdicts) {
        return Warning.Misleading.of(
                meter,
                new MeterReport("", Map.of(), List.of(), Map.of(), List.of(), List.of(verdicts), null, Map.of()));
    }

    private static Verdict verdict(MeterFact meter, String place, String verdict) {
        return new Verdict(meter.name(), place, verdict, 123.4);
    }

    @Test
    void misleadingMeterIsReportedForItsOwnMemory() {
        assertThat(misleading(CARD, verdict(CARD, "Vulkan0 (card)", "misleading")))
                .extracting(Warning::text)
                .singleElement()
                .asString()
                .contains("·vram.peak", "nvml.device", "123 MiB", "Vulkan0 (card)");
        assertThat(misleading(PROCESS, verdict(PROCESS, "host", "misleading"))).hasSize(1);
    }

    @Test
    void valuesForOtherMemoryAreIgnored() {
        assertThat(misleading(CARD, verdict(CARD, "host", "misleading"), verdict(CARD, "CPU (x)", "misleading")))
                .isEmpty();
        assertThat(misleading(PROCESS, verdict(PROCESS, "Vulkan0 (card)", "misleading")))
                .isEmpty();
        assertThat(misleading(GROUP, verdict(GROUP, "host", "misleading")))
                .as("others are in the group too")
                .isEmpty();
    }

    @Test
    void oneCorrectCardIsEnough() {
        assertThat(misleading(
                        CARD,
                        verdict(CARD, "CUDA1 (card)", "misleading"),
                        verdict(CARD, "CUDA1 (card)", "exact"),
                        verdict(CARD, "CUDA0 (card)", "follows"),
                        verdict(CARD, "CUDA0 (card)", "blind")))
                .isEmpty();
    }

    @Test
    void openFilesAreReportedOnceForEachReason() {
        Warning.NotReplaced warning = new Warning.NotReplaced(
                new TreeMap<>(Map.of("cells.csv", "Sharing violation", "run.json", "Sharing violation")));

        assertThat(warning.text())
                .startsWith("cells.csv, run.json cannot be replaced (Sharing violation)")
                .endsWith("The next cell tries again.");
        assertThat(warning.atTheEnd(Path.of("x"))).contains("Close the program").endsWith("run --resume x.");
    }
}
