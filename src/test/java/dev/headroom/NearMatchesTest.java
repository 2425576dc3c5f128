package dev.headroom;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearMatchesTest {
    private static final List<String> KEYS = List.of("model", "contextLength", "batch", "ubatch", "threads");

    @ParameterizedTest
    @CsvSource({
        "modle, model",
        "MODEL, model",
        "contxtLenght, contextLength",
        "contextlength, contextLength",
        "thread, threads"
    })
    void findsTheMistypedKey(String word, String expected) {
        assertThat(NearMatches.of(word, KEYS)).startsWith(expected);
    }

    @Test
    void onlyNamesAtTheSmallestDistanceAreFound() {
        assertThat(NearMatches.of("batch", List.of("ubatch", "batch", "match"))).containsExactly("batch");
        assertThat(NearMatches.of("xatch", List.of("ubatch", "batch", "match"))).containsExactly("batch", "match");
        assertThat(NearMatches.hint("bach", KEYS)).isEqualTo(" (did you mean batch?)");
    }

    @Test
    void noHintIfNoNameIsClose() {
        assertThat(NearMatches.of("", KEYS)).isEmpty();
        assertThat(NearMatches.of("qqqqqqqq", KEYS)).isEmpty();
        assertThat(NearMatches.of("x", List.of("a", "b"))).isEmpty();
        assertThat(NearMatches.hint("x".repeat(1_000_000), KEYS)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"abcd, abdc, 1", "kitten, sitting, 3", "a, a, 0", "abc, '', 3"})
    void distanceCountsEdits(String one, String two, int edits) {
        assertThat(NearMatches.distance(one, two)).isEqualTo(edits);
    }
}
