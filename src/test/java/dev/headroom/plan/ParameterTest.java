package dev.headroom.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.export.Columns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Documentation and columns agree with the list of parameters and the plan's settings. */
class ParameterTest {
    /** The cells of the rows of the table under a heading of docs/results.md, without back quotes. */
    private static List<List<String>> table(String heading) throws IOException {
        String text = Files.readString(Path.of("docs/results.md"));
        int begin = text.indexOf("\n## " + heading + "\n");
        assertThat(begin).as(heading).isNotNegative();
        int end = text.indexOf("\n## ", begin + 1);
        return text.substring(begin, end < 0 ? text.length() : end)
                .lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> Arrays.stream(line.substring(1).split("\\|"))
                        .map(cell -> cell.strip().replace("`", ""))
                        .toList())
                .toList();
    }

    @Test
    void theTableOfParametersHasKeysColumnsAndDefaults() throws IOException {
        List<List<String>> expected = new ArrayList<>();
        for (int i = 0; i < Parameter.all().size(); i++) {
            Parameter<?> parameter = Parameter.all().get(i);
            expected.add(
                    List.of(parameter.key(), Columns.parameterNames().get(i), Parameter.text(parameter.byDefault())));
        }

        assertThat(table("Parameters").stream().map(row -> row.subList(0, 3))).isEqualTo(expected);
    }

    @Test
    void theTableOfSettingsHasKeysAndDefaults() throws IOException {
        Settings defaults = new Plan("defaults", List.of()).cells().get(0).settings();
        Map<String, String> expected = new LinkedHashMap<>();
        List<@Nullable Object> values = Arrays.asList(
                defaults.forks(),
                defaults.warmup(),
                defaults.iterations(),
                defaults.time(),
                defaults.sampling(),
                defaults.timeLimit(),
                defaults.stallLimit());
        for (int i = 0; i < Plan.SETTINGS.size(); i++) {
            Object value = values.get(i);
            expected.put(
                    Plan.SETTINGS.get(i),
                    value instanceof Duration time ? time.toSeconds() + "s" : Objects.toString(value, ""));
        }

        Map<String, String> documented = new LinkedHashMap<>();
        table("Settings").forEach(row -> documented.put(row.get(0), row.get(1)));
        assertThat(documented).containsExactlyEntriesOf(expected);
    }

    @Test
    void everyColumnOfAParameterIsDocumented() throws IOException {
        List<String> documented = table("Columns of `cells.csv`").stream()
                .flatMap(row -> Arrays.stream(row.get(0).split(", ")))
                .toList();

        assertThat(documented).containsSubsequence(Columns.parameterNames());
    }

    @Test
    void aTableShowsContextLengthAndWhatVaries() {
        assertThat(Parameter.shown(List.of(
                        Map.of("environment", "local"),
                        Map.of("threads", "1", "contextLength", "512", "model", "a", "later", "1"),
                        Map.of("threads", "2", "contextLength", "512", "model", "a", "later", "2"))))
                .containsExactly("contextLength", "threads", "later");
        assertThat(Parameter.shown(List.of(Map.of("environment", "local")))).isEmpty();
    }
}
