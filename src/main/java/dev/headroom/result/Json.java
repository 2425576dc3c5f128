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
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
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

    private static <T> T whole(T value, Class<T> type) throws JsonProcessingException {
        checkWhole(value, type.getSimpleName());
        return value;
    }

    /** Jackson makes null of what is absent, also where a record does not allow for it. */
    private static void checkWhole(@Nullable Object value, String where) throws JsonProcessingException {
        if (value == null) {
            throw new JsonMappingException(null, where + " is absent");
        }
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                checkWhole(entry.getValue(), where + "." + entry.getKey());
            }
        } else if (value instanceof Collection<?> elements) {
            for (Object element : elements) {
                checkWhole(element, where + "[]");
            }
        } else if (value instanceof Object[] elements) {
            checkWhole(Arrays.asList(elements), where);
        } else if (value instanceof Record) {
            for (RecordComponent component : value.getClass().getRecordComponents()) {
                Object part = part(value, component);
                if (part != null || !component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
                    checkWhole(part, where + "." + component.getName());
                }
            }
        }
    }

    private static @Nullable Object part(Object of, RecordComponent component) {
        try {
            Method accessor = component.getAccessor();
            accessor.setAccessible(true);
            return accessor.invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
