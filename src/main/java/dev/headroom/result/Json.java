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

/** How results are written as JSON: what is absent is left out, what is not a number is absent. */
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

    /** One line, without a line end. */
    public static String line(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Indented, ends with a line feed. */
    public static String pretty(Object value) {
        try {
            return PRETTY.writeValueAsString(value) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Prints {@link #pretty} in UTF-8, also where it would be too long for a string. */
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
     * Reads what {@link #line} or {@link #pretty} wrote.
     *
     * @param type a record
     * @throws JsonProcessingException if the text is not JSON of that shape; what a record has to have is there
     */
    public static <T> T read(String text, Class<T> type) throws JsonProcessingException {
        return whole(MAPPER.readValue(text, type), type);
    }

    /**
     * The same of a file's content.
     *
     * @throws JsonProcessingException as above
     * @throws IOException if it is not text
     */
    public static <T> T read(byte[] content, Class<T> type) throws IOException {
        return whole(MAPPER.readValue(content, type), type);
    }

    /** Jackson makes null of what is absent, also where a record does not allow for it. */
    private static <T> T whole(T value, Class<T> type) throws JsonProcessingException {
        String absent = absent(value);
        if (absent != null) {
            throw new JsonMappingException(null, type.getSimpleName() + absent + " is absent");
        }
        return value;
    }

    /** Where something is missing, below the value; null if nothing is. */
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

    /** The components of records, looked up once for each type. */
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
