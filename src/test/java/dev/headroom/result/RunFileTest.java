package dev.headroom.result;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RunFileTest {
    /** A {@code run.json} of November 2026, before metrics had a catalogue and cells had groups of components. */
    private static final Path EARLIER = Path.of("src/test/resources/dev/headroom/compare/run-1.json");

    @Test
    void earlierRunIsReadAndKeepsItsKeysInOrder() throws IOException {
        String text = Files.readString(EARLIER);

        String written = Json.line(Json.read(text, Run.class));

        ObjectMapper mapper = new ObjectMapper();
        assertThat(mapper.readTree(written).toPrettyString())
                .isEqualTo(mapper.readTree(text).toPrettyString());
    }
}
