package dev.headroom.compare;

import static dev.headroom.compare.FakeRun.TOKENS;
import static dev.headroom.compare.FakeRun.VRAM;
import static dev.headroom.compare.FakeRun.forks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.result.Status;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompareCsvTest {
    private static final Locale BEFORE = Locale.getDefault();

    @AfterEach
    void restoreLocale() {
        Locale.setDefault(BEFORE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"en-US", "de-DE", "ar-EG"})
    void csvIsTheSameInEveryLocale(String locale) throws IOException {
        Locale.setDefault(Locale.forLanguageTag(locale));
        Comparison comparison = Comparer.compare(
                List.of(
                        new FakeRun("a")
                                .cell("TokenGeneration", 512, Map.of(TOKENS, forks(100, 101, 99, 100, 100)))
                                .cell("TokenGeneration", 1024, Map.of(VRAM, forks(1)))
                                .run(),
                        new FakeRun("b")
                                .in("wsl2")
                                .cell("TokenGeneration", 512, Map.of(TOKENS, forks(50, 50.5, 49.5, 50, 50)))
                                .status(Status.OOM, "=none")
                                .cell("TokenGeneration", 1024, Map.of())
                                .run()),
                Dimension.ENVIRONMENT,
                null);
        StringBuilder text = new StringBuilder();
        CompareCsv.write(comparison, text);

        List<CSVRecord> rows = CSVFormat.RFC4180
                .builder()
                .setHeader()
                .setSkipHeaderRecord(true)
                .get()
                .parse(new StringReader(text.toString()))
                .getRecords();

        assertThat(rows).hasSize(2).allMatch(CSVRecord::isConsistent);
        CSVRecord found = rows.get(0);
        assertThat(found.get("baseline")).isEqualTo("native-linux");
        assertThat(found.get("other")).isEqualTo("wsl2");
        assertThat(found.get("context_length")).isEqualTo("512");
        assertThat(found.get("metric")).isEqualTo("score");
        assertThat(Double.parseDouble(found.get("percent"))).isBetween(-50.1, -49.9);
        assertThat(Double.parseDouble(found.get("low"))).isLessThan(Double.parseDouble(found.get("low_95")));
        assertThat(found.get("level")).isEqualTo("0.975000000");
        assertThat(found.get("verdict")).isEqualTo("worse");
        assertThat(found.get("replicated")).isEqualTo("fork");
        CSVRecord failed = rows.get(1);
        assertThat(failed.get("verdict")).isEqualTo("incomparable");
        assertThat(failed.get("reason")).isEqualTo("oom in wsl2: =none");
        assertThat(failed.get("value")).isEmpty();
        assertThat(failed.get("units")).isEmpty();
    }
}
