package dev.headroom.memory;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * NVIDIA's management library (nvml.h), one initialisation of it. NVML counts initialisations, so that each meter has
 * its own. Functions are looked up one by one, as old drivers lack some; only the one that is polled, which all have,
 * is mapped directly, which costs a fraction. That mapping belongs to the process and follows the library opened last.
 */
final class Nvml implements AutoCloseable {
    static final int SUCCESS = 0;

    /** {@code NVML_VALUE_NOT_AVAILABLE}: all ones. */
    private static final long NOT_AVAILABLE = -1;

    /** Sizes of {@code nvmlPciInfo_t}, {@code nvmlMemory_t} and {@code nvmlMemory_v2_t} with its version number. */
    private static final int PCI_INFO = 68;

    private static final int MEMORY = 24;
    private static final int MEMORY_V2 = 40;
    private static final int MEMORY_V2_VERSION = MEMORY_V2 | 2 << 24;

    /** No text of NVML's is longer: {@code NVML_DEVICE_UUID_V2_BUFFER_SIZE}. */
    private static final int TEXT = 96;

    /** {@code NVML_FEATURE_ENABLED}, {@code NVML_DEVICE_MIG_ENABLE}. */
    private static final int ENABLED = 1;

    /** {@code NVML_CLOCK_SM}, {@code NVML_CLOCK_MEM}, {@code NVML_TEMPERATURE_GPU}. */
    private static final int SM_CLOCK = 1;

    private static final int MEMORY_CLOCK = 2;
    private static final int GPU_TEMPERATURE = 0;

    /** {@code nvmlDriverModel_t}: NVIDIA's header calls the second one WDM, everybody else TCC. */
    private static final List<String> DRIVER_MODELS = List.of("WDDM", "TCC", "MCDM");

    /** Pointers as 64-bit numbers: JNA passes those on without making objects. */
    private static final class Polled {
        static native int nvmlDeviceGetMemoryInfo(long device, long memory);
    }

    private final NativeLibrary library;
    private final CudaDevices visible;
    private boolean closed;

    private Nvml(NativeLibrary library, CudaDevices visible) {
        this.library = library;
        this.visible = visible;
    }

    static Nvml open() throws MeterUnavailable {
        return open(candidates(), CudaDevices.ofEnvironment());
    }

    /**
     * WSL2's own library comes first: a driver installed inside the guest does not work. The unversioned name comes
     * last: the CUDA toolkit and some images put a stub there, which loads and cannot be initialised.
     */
    private static List<String> candidates() {
        if (Platform.isWindows()) {
            return List.of("nvml", "C:\\Program Files\\NVIDIA Corporation\\NVSMI\\nvml.dll");
        }
        return List.of(
                "/usr/lib/wsl/lib/libnvidia-ml.so.1",
                "libnvidia-ml.so.1",
                "/usr/local/nvidia/lib64/libnvidia-ml.so.1",
                "libnvidia-ml.so");
    }

    /** Takes the first of some libraries that can be loaded and initialised. */
    static Nvml open(List<String> candidates, CudaDevices visible) throws MeterUnavailable {
        if (Platform.isMac()) {
            throw new MeterUnavailable("macOS has no NVIDIA driver");
        }
        List<String> refusals = new ArrayList<>();
        for (String candidate : candidates) {
            NativeLibrary library;
            try {
                library = NativeLibrary.getInstance(candidate);
            } catch (UnsatisfiedLinkError e) {
                continue;
            }
            Nvml nvml = new Nvml(library, visible);
            int code = nvml.call("nvmlInit_v2").orElse(SUCCESS - 1);
            if (code == SUCCESS) {
                Native.register(Polled.class, library);
                return nvml;
            }
            refusals.add(candidate
                    + (code < SUCCESS
                            ? " is no NVML"
                            : " is there and says " + nvml.error(code) + " (no driver, or only a stub)"));
        }
        throw new MeterUnavailable(
                refusals.isEmpty()
                        ? "there is no NVIDIA driver (tried " + String.join(", ", candidates) + ")"
                        : String.join("; ", refusals));
    }

    /** Calls a function; empty where this driver has none of that name. */
    OptionalInt call(String function, Object... arguments) {
        return function(function)
                .map(f -> OptionalInt.of(f.invokeInt(arguments)))
                .orElse(OptionalInt.empty());
    }

    private boolean succeeds(String function, Object... arguments) {
        return call(function, arguments).equals(OptionalInt.of(SUCCESS));
    }

    private static boolean succeeds(Optional<Function> function, Object... arguments) {
        return function.isPresent() && function.get().invokeInt(arguments) == SUCCESS;
    }

    Optional<Function> function(String name) {
        try {
            return Optional.of(library.getFunction(name));
        } catch (UnsatisfiedLinkError e) {
            return Optional.empty();
        }
    }

    private String error(int code) {
        return function("nvmlErrorString")
                .map(f -> f.invokeString(new Object[] {code}, false))
                .orElse("error " + code);
    }

    private Optional<String> text(String function, Object... before) {
        byte[] text = new byte[TEXT];
        Object[] arguments = Arrays.copyOf(before, before.length + 2);
        arguments[before.length] = text;
        arguments[before.length + 1] = TEXT;
        return Optional.of(text)
                .filter(buffer -> succeeds(function, arguments))
                .map(Native::toString)
                .filter(value -> !value.isBlank());
    }

    /** The driver's version, such as {@code 570.86.15}. */
    Optional<String> driver() {
        return text("nvmlSystemGetDriverVersion");
    }

    /** The newest version of CUDA that the driver runs, such as {@code 12.8}; drivers since 2018. */
    Optional<String> cuda() {
        int[] version = new int[1];
        return succeeds("nvmlSystemGetCudaDriverVersion_v2", version) && version[0] > 0
                ? Optional.of(version[0] / 1000 + "." + version[0] % 1000 / 10)
                : Optional.empty();
    }

    /** The cards, in the order of their PCI ids. */
    List<Card> cards() throws MeterUnavailable {
        int[] count = new int[1];
        if (!succeeds("nvmlDeviceGetCount_v2", count) || count[0] == 0) {
            throw refusal("the NVIDIA driver finds no card");
        }
        List<Card> cards = new ArrayList<>();
        for (int i = 0; i < count[0]; i++) {
            PointerByReference handle = new PointerByReference();
            if (succeeds("nvmlDeviceGetHandleByIndex_v2", i, handle)) {
                cards.add(new Card(handle.getValue()));
            }
        }
        if (cards.isEmpty()) {
            throw refusal("the NVIDIA driver lets no card be used here");
        }
        return cards;
    }

    /** The parts that MIG divides a card into; none where it does not. */
    private List<Pointer> parts(Pointer card) {
        int[] mode = new int[1];
        int[] most = new int[1];
        if (!succeeds("nvmlDeviceGetMigMode", card, mode, new int[1])
                || mode[0] != ENABLED
                || !succeeds("nvmlDeviceGetMaxMigDeviceCount", card, most)) {
            return List.of();
        }
        List<Pointer> parts = new ArrayList<>();
        for (int i = 0; i < most[0]; i++) {
            PointerByReference part = new PointerByReference();
            if (succeeds("nvmlDeviceGetMigDeviceHandleByIndex", card, i, part)) {
                parts.add(part.getValue());
            }
        }
        return parts;
    }

    private Optional<String> uuid(Pointer device) {
        return text("nvmlDeviceGetUUID", device);
    }

    /** The part of a card that CUDA takes: the one that is named to it, or else the first. */
    private Pointer taken(Pointer card) {
        List<Pointer> parts = parts(card);
        return parts.stream()
                .filter(part -> uuid(part).filter(visible::names).isPresent())
                .findFirst()
                .or(() -> parts.stream().findFirst())
                .orElse(card);
    }

    /** A process number that is taken before this process used a GPU. Closes this. */
    MeterUnavailable stranger(int pid) {
        return refusal("process " + pid + " of the NVIDIA driver's list is another one, so this is a container that has"
                + " numbers of its own");
    }

    /** Closes this and says why it is of no use. */
    MeterUnavailable refusal(String reason) {
        close();
        return new MeterUnavailable(reason);
    }

    /**
     * One card, and room for what is read from it. Under MIG, memory, processes, name and UUID are those of the part
     * that CUDA takes; the rest is the whole card's.
     */
    final class Card {
        private final Pointer card;
        private final Pointer part;
        private final Memory memory = new Memory(MEMORY);
        private final long[] wide = new long[1];
        private final int[] narrow = new int[1];
        private final long partAddress;
        private final long memoryAddress = Pointer.nativeValue(memory);
        private final Optional<Function> energy = function("nvmlDeviceGetTotalEnergyConsumption");
        private final Optional<Function> power = function("nvmlDeviceGetPowerUsage");
        private final Optional<Function> clock = function("nvmlDeviceGetClockInfo");
        private final Optional<Function> temperature = function("nvmlDeviceGetTemperature");
        private final Optional<Function> clockReasons = function("nvmlDeviceGetCurrentClocksEventReasons")
                .or(() -> function("nvmlDeviceGetCurrentClocksThrottleReasons"));

        private Card(Pointer card) {
            this.card = card;
            part = taken(card);
            partAddress = Pointer.nativeValue(part);
        }

        /** What memory and processes are read of. */
        Pointer handle() {
            return part;
        }

        Nvml nvml() {
            return Nvml.this;
        }

        /** Memory of the card in bytes. */
        OptionalLong total() {
            return readMemory() ? OptionalLong.of(memory.getLong(0)) : OptionalLong.empty();
        }

        /**
         * Memory in use in bytes, what the driver keeps for itself included: {@code nvmlMemory_t}, the first version.
         */
        OptionalLong used() {
            return readMemory() ? value(memory.getLong(16), memory.getLong(0)) : OptionalLong.empty();
        }

        private boolean readMemory() {
            return Polled.nvmlDeviceGetMemoryInfo(partAddress, memoryAddress) == SUCCESS && memory.getLong(0) > 0;
        }

        /** What the driver keeps for itself, in bytes: {@code nvmlMemory_v2_t}, drivers since 510. */
        OptionalLong reserved() {
            try (Memory v2 = new Memory(MEMORY_V2)) {
                v2.clear();
                v2.setInt(0, MEMORY_V2_VERSION);
                return succeeds("nvmlDeviceGetMemoryInfo_v2", part, v2)
                        ? value(v2.getLong(16), v2.getLong(8))
                        : OptionalLong.empty();
            }
        }

        /** Whether the driver accounts for processes: an administrator has to enable it. */
        boolean accounting() {
            return succeeds("nvmlDeviceGetAccountingMode", part, narrow) && narrow[0] == ENABLED;
        }

        /** As {@link Cards#pciId} writes it. */
        Optional<String> pciId() {
            try (Memory info = new Memory(PCI_INFO)) {
                info.clear();
                // All versions begin with the id in 16 characters.
                return succeeds("nvmlDeviceGetPciInfo_v3", card, info)
                                || succeeds("nvmlDeviceGetPciInfo_v2", card, info)
                        ? Cards.pciId(Native.toString(info.getByteArray(0, 16)))
                        : Optional.empty();
            }
        }

        /** {@code NVIDIA GeForce RTX 4090}; under MIG with the part's profile behind. */
        Optional<String> name() {
            return text("nvmlDeviceGetName", part);
        }

        /** {@code GPU-…}, or {@code MIG-…}. */
        Optional<String> uuid() {
            return Nvml.this.uuid(part);
        }

        /** {@code WDDM}, {@code TCC} or {@code MCDM} on Windows; the last one is told by the second version alone. */
        Optional<String> driverModel() {
            boolean told = succeeds("nvmlDeviceGetDriverModel_v2", card, narrow, new int[1])
                    || succeeds("nvmlDeviceGetDriverModel", card, narrow, new int[1]);
            return told && narrow[0] >= 0 && narrow[0] < DRIVER_MODELS.size()
                    ? Optional.of(DRIVER_MODELS.get(narrow[0]))
                    : Optional.empty();
        }

        /**
         * {@code active} if the card has memory for a display, which it may have without one, {@code connected} if only
         * something is plugged in, {@code none} if nothing is.
         */
        Optional<String> display() {
            boolean told = succeeds("nvmlDeviceGetDisplayActive", card, narrow);
            boolean active = told && narrow[0] == ENABLED;
            told &= active || succeeds("nvmlDeviceGetDisplayMode", card, narrow);
            boolean connected = told && narrow[0] == ENABLED;
            return told ? Optional.of(active ? "active" : connected ? "connected" : "none") : Optional.empty();
        }

        /** Energy drawn since the driver was loaded, in mJ; cards since Volta. */
        OptionalLong millijoules() {
            return succeeds(energy, card, wide) ? OptionalLong.of(wide[0]) : OptionalLong.empty();
        }

        /** Power drawn in mW, averaged by the driver over what the card averages: up to a second. */
        OptionalLong milliwatts() {
            return succeeds(power, card, narrow) ? OptionalLong.of(narrow[0]) : OptionalLong.empty();
        }

        /** Clock of the multiprocessors now, in MHz. */
        OptionalLong smClock() {
            return succeeds(clock, card, SM_CLOCK, narrow) ? OptionalLong.of(narrow[0]) : OptionalLong.empty();
        }

        /** Clock of the memory now, in MHz. */
        OptionalLong memoryClock() {
            return succeeds(clock, card, MEMORY_CLOCK, narrow) ? OptionalLong.of(narrow[0]) : OptionalLong.empty();
        }

        /** Temperature of the GPU in °C. */
        OptionalLong celsius() {
            return succeeds(temperature, card, GPU_TEMPERATURE, narrow)
                    ? OptionalLong.of(narrow[0])
                    : OptionalLong.empty();
        }

        /**
         * Why the clocks are what they are: the bits of {@code nvmlClocksEventReasons}, before driver 535
         * {@code …ThrottleReasons}.
         */
        OptionalLong clockReasons() {
            return succeeds(clockReasons, card, wide) ? OptionalLong.of(wide[0]) : OptionalLong.empty();
        }
    }

    /** A size in bytes, if it is one: "not available" is all ones, and no size is above the total. */
    static OptionalLong value(long bytes, long total) {
        return bytes == NOT_AVAILABLE || bytes < 0 || bytes > total ? OptionalLong.empty() : OptionalLong.of(bytes);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            call("nvmlShutdown");
        }
    }
}
