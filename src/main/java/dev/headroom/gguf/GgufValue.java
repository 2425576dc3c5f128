package dev.headroom.gguf;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A metadata value with its type in the file.
 *
 * @param value {@link Long} for integers, {@link Double} for floats, {@link Boolean}, {@link String} or {@link Array}.
 *     UINT64 values above {@code Long.MAX_VALUE} are negative.
 */
public record GgufValue(Type type, Object value) {
    /** The value types of GGUF. */
    public enum Type {
        UINT8(0, 1),
        INT8(1, 1),
        UINT16(2, 2),
        INT16(3, 2),
        UINT32(4, 4),
        INT32(5, 4),
        FLOAT32(6, 4),
        BOOL(7, 1),
        STRING(8, 0),
        ARRAY(9, 0),
        UINT64(10, 8),
        INT64(11, 8),
        FLOAT64(12, 8);

        private final int id;
        private final int bytes;

        Type(int id, int bytes) {
            this.id = id;
            this.bytes = bytes;
        }

        /** The type's number in GGUF files. */
        int id() {
            return id;
        }

        static Optional<Type> byId(int id) {
            return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
        }

        /** The size of one value in bytes; 0 for strings and arrays, which have no fixed size. */
        int bytes() {
            return bytes;
        }
    }

    /**
     * An array value.
     *
     * @param size number of elements in the file
     * @param values the elements; empty if there are more than {@value #MAX_KEPT}, as in a vocabulary
     */
    public record Array(Type type, long size, List<Object> values) {
        static final int MAX_KEPT = 1024;

        public Array {
            values = List.copyOf(values);
        }

        public static Array of(Type type, List<Object> values) {
            return new Array(type, values.size(), values);
        }
    }

    public static GgufValue of(String value) {
        return new GgufValue(Type.STRING, value);
    }

    public static GgufValue uint32(long value) {
        return new GgufValue(Type.UINT32, value);
    }

    public static GgufValue float32(double value) {
        return new GgufValue(Type.FLOAT32, (double) (float) value);
    }
}
