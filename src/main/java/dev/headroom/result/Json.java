package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads and writes results as JSON. Absent values are left out, and so are doubles that are not a number. */
public final class Json {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
            .configure(JsonGenerator.Feature.AUTO_CLOSE_TARGET, false)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
            .build();

    private static final ObjectWriter PRETTY =
            MAPPER.writer(new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));

    private Json() {}

    /** JSON in one line, without a line end. */
    public static String line(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Indented JSON that ends with a line feed. */
    public static String pretty(Object value) {
        try {
            return PRETTY.writeValueAsString(value) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Prints indented JSON in UTF-8. It may be longer than the longest string. */
    public static void print(Object value, PrintStream to) {
        try {
            PRETTY.writeValue((OutputStream) to, value);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        to.print("\n");
        to.flush();
    }

    /**
     * Reads JSON.
     *
     * @param type a record
     * @throws JsonProcessingException if the text is not JSON of that shape, or a component is absent that is not
     *     {@code @Nullable}
     */
    public static <T> T read(String text, Class<T> type) throws JsonProcessingException {
        return whole(MAPPER.readValue(text, type), type);
    }

    /**
     * Reads JSON from the content of a file.
     *
     * @throws JsonProcessingException as above
     * @throws IOException if the content is not text
     */
    public static <T> T read(byte[] content, Class<T> type) throws IOException {
        return whole(MAPPER.readValue(content, type), type);
    }

    /** Checks for absent components: Jackson sets them to null, even if they are not {@code @Nullable}. */
    private static <T> T whole(T value, Class<T> type) throws JsonProcessingException {
        String absent = absent(value);
        if (absent != null) {
            throw new JsonMappingException(null, type.getSimpleName() + absent + " is absent");
        }
        return value;
    }

    /** The path to the first missing value; null if none is missing. */
    private static @Nullable String absent(@Nullable Object value) {
        if (value == null) {
            return "";
        }
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                String absent = absent(entry.getValue());
                if (absent != null) {
                    return "." + entry.getKey() + absent;
                }
            }
        } else if (value instanceof Collection<?> elements) {
            for (Object element : elements) {
                String absent = absent(element);
                if (absent != null) {
                    return "[]" + absent;
                }
            }
        } else if (value instanceof Object[] elements) {
            return absent(Arrays.asList(elements));
        } else if (value instanceof Record) {
            for (Part part : PARTS.get(value.getClass())) {
                Object of = part.of(value);
                String absent = of == null && part.optional ? null : absent(of);
                if (absent != null) {
                    return "." + part.name + absent;
                }
            }
        }
        return null;
    }

    /** The components of record types, looked up once for each type. */
    private static final ClassValue<List<Part>> PARTS = new ClassValue<>() {
        @Override
        protected List<Part> computeValue(Class<?> type) {
            return Stream.of(type.getRecordComponents()).map(Part::new).toList();
        }
    };

    /** A component of a record. */
    private static final class Part {
        private final String name;
        private final boolean optional;
        private final Method accessor;

        Part(RecordComponent component) {
            name = component.getName();
            optional = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
            accessor = component.getAccessor();
            accessor.setAccessible(true);
        }

        @Nullable
        Object of(Object value) {
            try {
                return accessor.invoke(value);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
