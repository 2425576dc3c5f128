package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;

/** Reads the files of a run without any code of Headroom. */
record RunFiles(Path folder) {
    /** Finds the only run in a folder of results. */
    static RunFiles in(Path results) throws IOException {
        try (Stream<Path> runs = Files.list(results)) {
            List<Path> all = runs.toList();
            assertThat(all).hasSize(1);
            return new RunFiles(all.get(0));
        }
    }

    Path file(String name) {
        return folder.resolve(name);
    }

    JsonNode json(String name) throws IOException {
        return new ObjectMapper().readTree(file(name).toFile());
    }

    List<CSVRecord> csv(String name) throws IOException {
        try (Reader reader = Files.newBufferedReader(file(name))) {
            return CSVFormat.RFC4180
                    .builder()
                    .setHeader()
                    .setSkipHeaderRecord(true)
                    .get()
                    .parse(reader)
                    .getRecords();
        }
    }
}
