package dev.headroom.gguf;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** The catalogue of model shapes, read from {@code shapes.json}. */
public final class Shapes {
    private static final List<Shape> ALL = load();

    private Shapes() {}

    /** All shapes, the smallest first. */
    public static List<Shape> all() {
        return ALL;
    }

    /**
     * Finds a shape by its id, in upper or lower case.
     *
     * @throws BadInput if there is none; the message has the closest ids
     */
    public static Shape named(String id) {
        String wanted = id.toLowerCase(Locale.ROOT);
        return ALL.stream()
                .filter(shape -> shape.id().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new BadInput("No shape named " + id + NearMatches.hint(wanted, ids())
                        + ": 'headroom model list' shows all shapes."));
    }

    private static List<String> ids() {
        return ALL.stream().map(Shape::id).toList();
    }

    private static List<Shape> load() {
        try (InputStream in = Objects.requireNonNull(Shapes.class.getResourceAsStream("shapes.json"))) {
            return List.copyOf(new ObjectMapper().readValue(in, new TypeReference<List<Shape>>() {}));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
