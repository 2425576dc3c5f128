package dev.headroom.memory;

import com.sun.jna.Memory;
import dev.headroom.llama.DeviceBuffer;
import dev.headroom.llama.LlamaDevice;
import dev.headroom.llama.LlamaException;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.result.MeterReport;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.IntStream;

/** Memory on which meters are proven. {@link MeterProof} allocates blocks of known sizes there. */
public interface ProofTarget {

    /** Value of each byte of a block. It is not 0: a kernel may keep pages of zeros without memory. */
    byte FILLING = 0x5a;

    /** {@link MeterReport#HOST}, or ggml's name of a device with its description. */
    String name();

    /** Free memory in bytes, as the system or the device reports it. */
    long free();

    /** Size of the largest possible block in bytes. */
    long largest();

    /**
     * Allocates a block. Its memory may not be resident before it is touched.
     *
     * @throws LlamaException if the device has too little memory
     * @throws OutOfMemoryError if the host has too little memory
     */
    Block allocate(long bytes);

    /** An allocated block of memory. {@link #close} frees it. */
    interface Block extends AutoCloseable {
        /** Writes each byte. */
        void touch();

        @Override
        void close();
    }

    /** Memory of this process. */
    static ProofTarget host() {
        return new Host();
    }

    /** All devices of ggml, CPUs included. Free memory of a CPU is that of the host. */
    static List<ProofTarget> devices(LlamaLibrary library) {
        List<LlamaDevice> devices = library.devices();
        return IntStream.range(0, devices.size())
                .<ProofTarget>mapToObj(i -> new GgmlTarget(library, i, devices.get(i)))
                .toList();
    }

    /** Memory from malloc. */
    record Host() implements ProofTarget {
        @Override
        public String name() {
            return MeterReport.HOST;
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
        public Block allocate(long bytes) {
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
    record GgmlTarget(LlamaLibrary library, int index, LlamaDevice device) implements ProofTarget {
        @Override
        public String name() {
            return device.name() + " (" + device.description() + ")";
        }

        @Override
        public long free() {
            if (device.type() != LlamaDevice.Type.GPU && device.type() != LlamaDevice.Type.IGPU) {
                return host().free();
            }
            Long bytes = library.devices().get(index).freeBytes();
            return bytes == null ? 0 : bytes;
        }

        @Override
        public long largest() {
            return library.largestBuffer(index);
        }

        @Override
        public Block allocate(long bytes) {
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
