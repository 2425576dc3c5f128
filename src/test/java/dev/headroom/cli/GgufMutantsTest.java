package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.GgufException;
import dev.headroom.gguf.GgufMutants;
import dev.headroom.gguf.KvCache;
import dev.headroom.gguf.TensorType;
import dev.headroom.gguf.WeightPlacement;
import dev.headroom.plan.Cell;
import dev.headroom.probe.Predictions;
import dev.headroom.result.Json;
import dev.headroom.result.Prediction;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads thousands of damaged GGUF files, and uses each readable header in all code that takes one. */
class GgufMutantsTest {
    private static final int MUTANTS = 3000;
    private static final long MAX_ALLOCATED_BYTES = 64L << 20;

    /** The goal is one second; the rest is reserve for a busy machine. */
    private static final double MAX_SECONDS = 5;

    private int read;
    private double slowest;
    private long largest;

    @Test
    void damagedFilesAreReadOrRefusedInOneLine(@TempDir Path folder) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        GgufMutants.forEach(2026, MUTANTS, folder, (number, file) -> {
            long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
            long start = System.nanoTime();
            Optional<Gguf> gguf = read(number, file);
            double seconds = (System.nanoTime() - start) / 1e9;
            long allocated =
                    threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;

            assertThat(seconds).as("seconds for mutant %s", number).isLessThan(MAX_SECONDS);
            assertThat(allocated).as("bytes for mutant %s", number).isLessThan(MAX_ALLOCATED_BYTES);
            slowest = Math.max(slowest, seconds);
            largest = Math.max(largest, allocated);
            gguf.ifPresent(header -> use(number, header));
        });

        System.out.printf(
                "GGUF mutants: %d, read %d, refused %d, slowest %.1f ms, most allocated %.1f MiB%n",
                MUTANTS, read, MUTANTS - read, slowest * 1e3, largest / 1048576.0);
        assertThat(read).isBetween(MUTANTS / 10, MUTANTS * 9 / 10);
    }

    private Optional<Gguf> read(int number, Path file) {
        try {
            Gguf gguf = Gguf.read(file);
            read++;
            return Optional.of(gguf);
        } catch (GgufException e) {
            assertThat(e.getMessage())
                    .as("of mutant %s", number)
                    .startsWith(file + " ")
                    .containsPattern(" \\(at byte \\d+\\): [^:]+\\.$")
                    .doesNotContainPattern("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");
            return Optional.empty();
        } catch (RuntimeException e) {
            throw new AssertionError("mutant " + number, e);
        }
    }

    private static void use(int number, Gguf gguf) {
        try {
            facts(gguf);
            layers(gguf);
            predictions(gguf);
        } catch (RuntimeException e) {
            throw new AssertionError("mutant " + number + " with " + gguf.metadata(), e);
        }
    }

    private static void facts(Gguf gguf) {
        assertThat(gguf.parameterCount()).isNotNegative();
        assertThat(gguf.tensorBytes()).isBetween(0L, gguf.fileBytes());
        Map<String, Object> facts = new LinkedHashMap<>();
        ModelCommand.Show.describe(gguf, facts);
        ModelCommand.Show.sizes(gguf, facts);
        assertThat(Json.line(facts)).isNotEmpty();
        facts.values().forEach(fact -> assertThat(fact.toString()).doesNotContainPattern("[\\p{Cc}\\p{Cf}]"));
    }

    private static void layers(Gguf gguf) {
        List<String> devices = Collections.nCopies((int) Math.min(gguf.layers().orElse(0), 64) + 1, "GPU");
        WeightPlacement.buffers(gguf.tensors(), devices, Map.of()).values().forEach(tensors -> {
            assertThat(WeightPlacement.bytes(tensors)).isNotNegative();
            assertThat(WeightPlacement.mappedBytes(tensors)).isNotNegative();
        });
        assertThat(WeightPlacement.bytes(new LinkedHashSet<>(gguf.tensors()))).isEqualTo(gguf.tensorBytes());
        KvCache.of(gguf).ifPresent(cache -> {
            cache.f16BytesPerToken().ifPresent(bytes -> assertThat(bytes).isNotNegative());
            for (boolean flash : new boolean[] {true, false}) {
                cache.bytes(10_000_000, 1_000_000, TensorType.F32, flash)
                        .orElseThrow()
                        .forEach(bytes -> assertThat(bytes).isNotNegative());
            }
        });
    }

    /** Predictions of {@code model show} without llama.cpp. */
    private static void predictions(Gguf gguf) {
        for (Cell cell : new MemoryOptions().cells(gguf)) {
            Prediction prediction =
                    Predictions.byFormula(gguf, Predictions.Point.of(cell).orElseThrow(), "no llama.cpp");
            prediction.parts().forEach(part -> assertThat(part.predictedMib()).isNotNegative());
            assertThat(MemoryOptions.text(List.of(new MemoryOptions.Predicted(cell.parameters(), prediction))))
                    .contains("weights");
        }
    }
}
