package dev.headroom.llama.binding;

import com.sun.jna.Pointer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The offsets and default values of a C struct's fields. Fields are declared in the order of the header. Offsets follow
 * from the natural alignment, which is the same in all 64-bit ABIs for these types.
 */
public final class StructLayout {
    /** A C type. Its size is also its alignment. */
    public enum CType {
        BOOL(1),
        INT32(4),
        FLOAT(4),
        POINTER(8),
        SIZE(8);

        private final int bytes;

        CType(int bytes) {
            this.bytes = bytes;
        }

        public int bytes() {
            return bytes;
        }
    }

    /**
     * A field.
     *
     * @param offset bytes from the start of the struct
     * @param defaults the possible default values of libraries with this layout
     */
    public record Field(String name, CType type, int offset, List<Double> defaults) {
        private double read(Pointer struct) {
            return switch (type) {
                case BOOL -> struct.getByte(offset);
                case INT32 -> struct.getInt(offset);
                case FLOAT -> struct.getFloat(offset);
                case POINTER, SIZE -> struct.getLong(offset);
            };
        }

        private boolean fits(Pointer struct) {
            return defaults.contains(read(struct));
        }
    }

    private final Map<String, Field> fields = new LinkedHashMap<>();
    private int end;

    StructLayout bool(String name, double... defaults) {
        return add(name, CType.BOOL, defaults);
    }

    StructLayout int32(String name, double... defaults) {
        return add(name, CType.INT32, defaults);
    }

    StructLayout float32(String name, double... defaults) {
        return add(name, CType.FLOAT, defaults);
    }

    StructLayout size(String name, double... defaults) {
        return add(name, CType.SIZE, defaults);
    }

    /** Adds a pointer that is NULL by default. */
    StructLayout pointer(String name) {
        return add(name, CType.POINTER, 0);
    }

    private StructLayout add(String name, CType type, double... defaults) {
        int offset = alignUp(end, type.bytes);
        fields.put(
                name,
                new Field(name, type, offset, Arrays.stream(defaults).boxed().toList()));
        end = offset + type.bytes;
        return this;
    }

    private static int alignUp(int offset, int alignment) {
        return (offset + alignment - 1) / alignment * alignment;
    }

    /** The fields by name, in the order of the header. */
    public Map<String, Field> fields() {
        return fields;
    }

    /** The {@code sizeof} of the struct. It is a multiple of 8, as all these structs have a pointer. */
    public int sizeof() {
        return alignUp(end, 8);
    }

    /** The first field whose value is not a default of this layout; empty if all match. */
    public Optional<Field> misfit(Params defaults) {
        return fields.values().stream()
                .filter(f -> !f.fits(defaults.getPointer()))
                .findFirst();
    }

    /** Sets an {@code int32_t}, {@code uint32_t} or enum. */
    public void setInt(Params struct, String name, int value) {
        struct.getPointer().setInt(field(name, CType.INT32).offset, value);
    }

    public void setBool(Params struct, String name, boolean value) {
        struct.getPointer().setByte(field(name, CType.BOOL).offset, (byte) (value ? 1 : 0));
    }

    public void setPointer(Params struct, String name, Pointer value) {
        struct.getPointer().setPointer(field(name, CType.POINTER).offset, value);
    }

    private Field field(String name, CType type) {
        Field field = fields.get(name);
        if (field == null || field.type != type) {
            throw new IllegalArgumentException("This layout has no " + type + " named " + name + ".");
        }
        return field;
    }
}
