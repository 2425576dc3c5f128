package dev.headroom.memory;

import com.sun.jna.Memory;
import dev.headroom.llama.DeviceBuffer;
import dev.headroom.llama.LlamaDevice;
import dev.headroom.llama.LlamaException;
import dev.headroom.llama.LlamaLibrary;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/** Where memory of a known size can be taken, to hold meters against it. */
public interface Place {
    /** The name of {@link #host}. */
    String HOST = "host";

    /** What blocks are filled with: a kernel might keep zeros without giving them memory. */
    byte FILLING = 0x5a;

    /** {@code host}, or ggml's name of a device with what it is. */
    String name();

    /** Bytes that are free, as whoever manages them says. */
    long free();

    /** The most bytes that can be taken at once. */
    long largest();

    /**
     * Takes memory; it may not be there before it is touched.
     *
     * @throws LlamaException if the device has no room
     * @throws OutOfMemoryError if the host has none
     */
    Block take(long bytes);

    /** Memory that has been taken, until it is closed. */
    interface Block extends AutoCloseable {
        /** Writes every byte. */
        void touch();

        @Override
        void close();
    }

    /** This process's own memory. */
    static Place host() {
        return new Host();
    }

    /** Every device of a llama.cpp. What is free on a CPU's is what is free on the host. */
    static List<Place> devices(LlamaLibrary library) {
        List<Place> places = new ArrayList<>();
        List<LlamaDevice> devices = library.devices();
        for (int i = 0; i < devices.size(); i++) {
            places.add(new GgmlPlace(library, i, devices.get(i)));
        }
        return places;
    }

    /** Memory from malloc. */
    record Host() implements Place {
        @Override
        public String name() {
            return HOST;
        }

        @Override
        public long free() {
            return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
                    .getFreeMemorySize();
        }

        @Override
        public long largest() {
            return Long.MAX_VALUE;
        }

        @Override
        public Block take(long bytes) {
            Memory memory = new Memory(bytes);
            return new Block() {
                @Override
                public void touch() {
                    memory.setMemory(0, bytes, FILLING);
                }

                @Override
                public void close() {
                    memory.close();
                }
            };
        }
    }

    /** A device of ggml. */
    record GgmlPlace(LlamaLibrary library, int index, LlamaDevice device) implements Place {
        @Override
        public String name() {
            return device.name() + " (" + device.description() + ")";
        }

        @Override
        public long free() {
            return device.type() == LlamaDevice.Type.GPU || device.type() == LlamaDevice.Type.IGPU
                    ? library.devices().get(index).freeBytes().orElse(0)
                    : host().free();
        }

        @Override
        public long largest() {
            return library.largestBuffer(index);
        }

        @Override
        public Block take(long bytes) {
            DeviceBuffer buffer = library.allocate(index, bytes);
            return new Block() {
                @Override
                public void touch() {
                    buffer.fill(FILLING);
                }

                @Override
                public void close() {
                    buffer.close();
                }
            };
        }
    }
}
