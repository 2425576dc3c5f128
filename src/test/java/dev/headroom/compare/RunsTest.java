package dev.headroom.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import dev.headroom.result.Run;
import dev.headroom.result.Spill;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads the file of a real run: one cell in two environments with two interleaved forks each, and no card. */
class RunsTest {
    @TempDir
    Path folder;

    private static String text() throws IOException {
        return text(1);
    }

    /** A run of a schema version. Each version that was ever written keeps one. */
    private static String text(int schemaVersion) throws IOException {
        try (InputStream in = RunsTest.class.getResourceAsStream("run-" + schemaVersion + ".json")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Path write(String text) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("run.json"), text);
        return folder;
    }

    @Test
    void readsTheDataThatAComparisonNeeds() throws IOException {
        MeasuredRun run = Runs.read(List.of(write(text()))).all().get(0);

        assertThat(run.id()).isEqualTo("20261126-024817-quick");
        assertThat(run.resolutionMib("linux.hwm")).hasValue(4.0 / 1024);
        assertThat(run.cells()).hasSize(2);
        MeasuredCell cell = run.cells().get(0);
        assertThat(cell.benchmark()).isEqualTo("TokenGeneration");
        assertThat(cell.samples().number(1)).isEqualTo(2);
        assertThat(cell.samples().values(new Measure(Measure.SCORE, "tokens/s")))
                .containsExactly(10.805135611556501, 7.528150022405189);
        assertThat(cell.mean(Measure.RAM)).hasValue((220.7109375 + 219.79296875) / 2);
        assertThat(cell.samples().measures())
                .extracting(Measure::name)
                .contains("·buffers.kv", "·ram.anon.peak")
                .doesNotContain("·ram.samples", "·sampling.cost", "·ram.gap.max", "·ram.faults.major");
        assertThat(cell.conditions().flashAttention()).isTrue();
        assertThat(cell.place().environment().values()).doesNotContainKey("container");
        assertThat(run.cells().get(1).place().environment().values()).containsEntry("container", "podman");
    }

    /** The file was written before the parameter {@code outputs} existed. */
    @Test
    void cellOfAnOlderRunHasTheDefaultsOfLaterParameters() throws IOException {
        String newer = text().replace("\"threads\": \"2\"", "\"threads\": \"2\", \"outputs\": \"1\"");
        folder = folder.resolve("older");
        Path older = write(text());
        folder = folder.resolveSibling("newer");
        Runs runs = Runs.read(List.of(older, write(newer)));

        assertThat(runs.all().get(0).cells().get(0).params())
                .containsEntry("outputs", "1")
                .isEqualTo(runs.all().get(1).cells().get(0).params());
        Comparison comparison = Comparer.compare(runs, Dimension.RUN, null);
        assertThat(comparison.differences()).isNotEmpty();
        assertThat(comparison.unmatched()).isEmpty();
    }

    @Test
    void everySchemaVersionIsReadable() throws IOException {
        for (int version = 1; version <= Run.SCHEMA_VERSION; version++) {
            MeasuredRun run = Runs.read(List.of(write(text(version)))).all().get(0);

            assertThat(run.cells()).isNotEmpty();
        }
    }

    /** The first runs had neither planned values nor verdicts on spills. */
    @Test
    void whatAnOlderRunLacksIsDerived() throws IOException {
        MeasuredCell cell =
                Runs.read(List.of(write(text()))).all().get(0).cells().get(0);

        assertThat(cell.params()).containsEntry("threads", "0");
        assertThat(cell.resolved()).containsExactly(Map.entry("threads", "2"));
        assertThat(cell.spill()).isEqualTo(new Spill(Spill.Verdict.NONE, List.of()));
    }

    @Test
    void forksOfTwoEnvironmentsArePaired() throws IOException {
        Comparison comparison = Comparer.compare(Runs.read(List.of(write(text()))), Dimension.ENVIRONMENT, null);

        assertThat(comparison.others()).containsExactly("container");
        assertThat(comparison.differences()).isNotEmpty().allSatisfy(difference -> {
            assertThat(difference.unit()).isEqualTo("pair of forks");
            assertThat(difference.units()).isEqualTo(2);
        });
    }

    @Test
    void invalidRunIsRejectedInOneLine() throws IOException {
        assertBad(folder.resolve("nowhere"), "No file ");
        assertBad(folder, "No file ");
        assertBad(write(text().substring(0, 3000)), "is incomplete");
        assertBad(write(""), "run.json");
        assertBad(write("[]"), "is not a run.json");
        assertBad(write("{}"), "is not a run.json");
        assertBad(write("null"), "is not a run.json");
        assertBad(write(text().replaceFirst("\"schemaVersion\" ?: 1", "\"schemaVersion\" : 2")), "schema version 2");
        assertBad(write(text().replaceFirst("\"samples\": \\[", "\"sample\": [")), "samples is absent");
        assertBad(write(text().replaceFirst("\"cells\"", "\"cell\"")), "cells is absent");
        Path same = write(text());
        assertThatThrownBy(() -> Runs.read(List.of(same, same.resolve("run.json"))))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("twice");
    }

    private static void assertBad(Path path, String message) {
        assertThatThrownBy(() -> Runs.read(List.of(path)))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    /** Random changes of a run.json either leave it comparable, or cause one BadInput. */
    @Test
    void randomlyChangedFilesAreComparedOrRejected() throws IOException {
        Random random = new Random(4);
        String whole = text();
        int compared = 0;
        for (int i = 0; i < 400; i++) {
            StringBuilder mutant = new StringBuilder(whole);
            for (int n = random.nextInt(4); n >= 0; n--) {
                int at = random.nextInt(mutant.length());
                switch (random.nextInt(3)) {
                    case 0 -> mutant.setCharAt(at, "0123456789-{}[]\":,e\u0000".charAt(random.nextInt(20)));
                    case 1 -> mutant.deleteCharAt(at);
                    default -> {
                        int colon = mutant.indexOf(": ", at);
                        int end = colon < 0 ? -1 : mutant.indexOf(",", colon);
                        if (end > 0) {
                            mutant.replace(
                                    colon + 2,
                                    end,
                                    List.of("null", "\"NaN\"", "1e999", "-1", "[]", "{}", "\"\"")
                                            .get(random.nextInt(7)));
                        }
                    }
                }
            }
            try {
                Comparison comparison =
                        Comparer.compare(Runs.read(List.of(write(mutant.toString()))), Dimension.ENVIRONMENT, null);
                CompareCsv.write(comparison, new StringBuilder());
                assertThat(comparison.differences())
                        .allMatch(each -> Double.isFinite(each.baseline()) && Double.isFinite(each.difference()))
                        .allMatch(each -> each.p() == null || (each.p() >= 0 && each.p() <= 1));
                compared++;
            } catch (BadInput e) {
                assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
            } catch (RuntimeException e) {
                throw new AssertionError(mutant.toString(), e);
            }
        }
        assertThat(compared).isBetween(20, 380);
    }
}
