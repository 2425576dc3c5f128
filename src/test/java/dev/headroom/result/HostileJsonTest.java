package dev.headroom.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.plan.HostileText;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Damaged results are refused, and results that are read are complete. */
@Timeout(60)
class HostileJsonTest {
    private static final MeterReport REPORT = new MeterReport(
            "2026-01-01T00:00:00Z",
            Map.of("kernel", "6.1"),
            List.of(new MeterReport.Entry("pss", "·ram.peak", "process", "resident", 1.5, null)),
            Map.of("nvml.device", "no driver"),
            List.of(new MeterReport.Trial("pss", "host", 64, 64.1, 0.1, 2.5, 0)),
            List.of(new MeterReport.Verdict("pss", "host", "exact", 0.1)),
            4000.5,
            Map.of());
    private static final ForkMemory MEMORY =
            new ForkMemory(Map.of("ram", Map.of("start", 40.5)), List.of(Metric.RAM_PEAK));
    private static final ForkResult FORK = new ForkResult(
            "TokenGeneration-x-64",
            1,
            Status.OK,
            null,
            List.of("last line"),
            "2026-01-01T00:00:00Z",
            1.5,
            List.of(new Iteration(1, 60.5, new TreeMap<>(Map.of(Metric.RAM_PEAK, Metric.RAM_PEAK.value(100))), null)),
            new Observed(true, 0, 31, List.of("CPU"), List.of(new Observed.BufferSize("kv", "CPU", 11.25))),
            MEMORY,
            List.of("the machine slept for 12 s"),
            List.of(new Noise(Noise.Kind.LOAD, 1.5, "of 2 cores")));
    private static final Run.Llama LLAMA = new Run.Llama("v0.4.0", null, "libllama.so", List.of(), null, "f1");

    private static final Run RUN = new Run(
            Run.SCHEMA_VERSION,
            "20260101-000000-quick",
            "0.1",
            "2026-01-01T00:00:00Z",
            null,
            new NamedValues("quick", Map.of()),
            new NamedValues("native", Map.of()),
            LLAMA,
            List.of(new Run.Model("m", "m.gguf", false, "llama", null, 1, 2, 3, null, null, null)),
            List.of(),
            Map.of(),
            Map.of("wsl2", new Run.PlaceFacts(new NamedValues("wsl2", Map.of()), LLAMA, List.of(), Map.of())),
            REPORT,
            List.of(),
            List.of());

    static Stream<Object> results() {
        return Stream.of(REPORT, MEMORY, FORK, RUN);
    }

    @ParameterizedTest
    @MethodSource("results")
    void mutantsAreReadCompletelyOrRefused(Object result) throws JsonProcessingException {
        Random random = new Random(8);
        String valid = Json.line(result);
        assertThat((Object) Json.read(valid, result.getClass())).isEqualTo(result);
        int read = 0;
        for (int i = 0; i < 3000; i++) {
            String text = i % 10 == 0 ? HostileText.piece(random) : HostileText.of(valid, random);
            try {
                Object back = Json.read(text, result.getClass());
                // can be written and used
                assertThat(Json.line(back) + back.hashCode()).isNotEmpty();
                read++;
            } catch (JsonProcessingException e) {
                assertThat(e.getMessage()).isNotBlank();
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError(text, e);
            }
        }
        assertThat(read).isBetween(100, 2900);
    }

    @Test
    void missingComponentsAreRefused() {
        for (String text : List.of("null", "{}", "{\"phases\":{}}", "{\"phases\":{\"ram\":null},\"lost\":[]}")) {
            assertThatThrownBy(() -> Json.read(text, ForkMemory.class))
                    .as(text)
                    .isInstanceOf(JsonProcessingException.class);
        }
        assertThatThrownBy(() -> Json.read("{\"value\":null,\"unit\":\"MiB\"}", MetricValue.class))
                .isInstanceOf(JsonProcessingException.class);
        assertThatThrownBy(() -> Json.read("{\"unit\":\"MiB\"}", MetricValue.class))
                .isInstanceOf(JsonProcessingException.class);
    }
}
