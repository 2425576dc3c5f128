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
import org.jspecify.annotations.Nullable;

/**
 * NVIDIA's management library (nvml.h), initialised once for each instance. NVML counts initialisations, so each meter
 * has its own. Functions are looked up one by one, because old drivers lack some. Only the polled function, which all
 * drivers have, is mapped directly: such a call is much cheaper. That mapping is one for the whole process, and belongs
 * to the library opened last.
 */
final class Nvml implements AutoCloseable {
    static final int SUCCESS = 0;

    /** Sizes of {@code nvmlPciInfo_t}, {@code nvmlMemory_t} and {@code nvmlMemory_v2_t}, and the latter's version. */
    private static final int PCI_INFO = 68;

    private static final int MEMORY = 24;
    private static final int MEMORY_V2 = 40;
    private static final int MEMORY_V2_VERSION = MEMORY_V2 | 2 << 24;

    /** Size of NVML's longest text: {@code NVML_DEVICE_UUID_V2_BUFFER_SIZE}. */
    private static final int TEXT = 96;

    /** {@code NVML_FEATURE_ENABLED}, {@code NVML_DEVICE_MIG_ENABLE}. */
    private static final int ENABLED = 1;

    /** {@code NVML_CLOCK_SM}, {@code NVML_CLOCK_MEM}, {@code NVML_TEMPERATURE_GPU}. */
    private static final int SM_CLOCK = 1;

    private static final int MEMORY_CLOCK = 2;
    private static final int GPU_TEMPERATURE = 0;

    /** {@code nvmlDriverModel_t}. NVIDIA's header calls the second one WDM; its usual name is TCC. */
    private static final List<String> DRIVER_MODELS = List.of("WDDM", "TCC", "MCDM");

    /** Takes pointers as 64-bit numbers: JNA passes those without creating objects. */
    private static final class Polled {
        static native int nvmlDeviceGetMemoryInfo(long device, long memory);
    }

    private final NativeLibrary library;
    private final CudaDevices cudaDevices;
    private boolean closed;

    private Nvml(NativeLibrary library, CudaDevices cudaDevices) {
        this.library = library;
        this.cudaDevices = cudaDevices;
    }

    static Nvml open() throws MeterUnavailable {
        return open(candidates(), CudaDevices.ofEnvironment());
    }

    /**
     * Where the library may be. WSL2's own library comes first, because a driver installed inside the guest does not
     * work. The unversioned name comes last, because the CUDA toolkit and some images install a stub under it. A stub
     * can be loaded, but not initialised.
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

    /**
     * Opens the first library that can be loaded and initialised.
     *
     * @param cudaDevices selects the part of a card under MIG
     */
    static Nvml open(List<String> candidates, CudaDevices cudaDevices) throws MeterUnavailable {
        if (Platform.isMac()) {
            throw new MeterUnavailable("macOS has no NVIDIA driver");
        }
        List<String> failures = new ArrayList<>();
        for (String candidate : candidates) {
            NativeLibrary library;
            try {
                library = NativeLibrary.getInstance(candidate);
            } catch (UnsatisfiedLinkError e) {
                continue;
            }
            Nvml nvml = new Nvml(library, cudaDevices);
            int code = nvml.call("nvmlInit_v2").orElse(SUCCESS - 1);
            if (code == SUCCESS) {
                Native.register(Polled.class, library);
                return nvml;
            }
            failures.add(candidate
                    + (code < SUCCESS
                            ? " is not NVML"
                            : " cannot be initialised: " + nvml.error(code) + " (no driver, or a stub)"));
        }
        throw new MeterUnavailable(
                failures.isEmpty()
                        ? "there is no NVIDIA driver (tried " + String.join(", ", candidates) + ")"
                        : String.join("; ", failures));
    }

    /** Calls a function and returns its code. Empty if this driver has no function of that name. */
    private OptionalInt call(String function, Object... arguments) {
        return function(function)
                .map(f -> OptionalInt.of(f.invokeInt(arguments)))
                .orElse(OptionalInt.empty());
    }

    /** Calls a function. False if it fails or this driver lacks it. */
    boolean succeeds(String function, Object... arguments) {
        return call(function, arguments).equals(OptionalInt.of(SUCCESS));
    }

    private static boolean succeeds(@Nullable Function function, Object... arguments) {
        return function != null && function.invokeInt(arguments) == SUCCESS;
    }

    /** Empty if this driver has no function of that name. */
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

    /** Calls a function whose last arguments are a buffer for a text and the buffer's size. */
    private Optional<String> text(String function, Object... first) {
        byte[] text = new byte[TEXT];
        Object[] arguments = Arrays.copyOf(first, first.length + 2);
        arguments[first.length] = text;
        arguments[first.length + 1] = TEXT;
        return Optional.of(text)
                .filter(buffer -> succeeds(function, arguments))
                .map(Native::toString)
                .filter(value -> !value.isBlank());
    }

    /** The driver's version, such as {@code 570.86.15}. */
    Optional<String> driver() {
        return text("nvmlSystemGetDriverVersion");
    }

    /** The newest version of CUDA that the driver supports, such as {@code 12.8}. Drivers since 2018 report it. */
    Optional<String> cuda() {
        int[] version = new int[1];
        return succeeds("nvmlSystemGetCudaDriverVersion_v2", version) && version[0] > 0
                ? Optional.of(version[0] / 1000 + "." + version[0] % 1000 / 10)
                : Optional.empty();
    }

    /**
     * The cards in the order of their PCI ids, at least one.
     *
     * @throws MeterUnavailable if there is none; this is then closed
     */
    List<Card> cards() throws MeterUnavailable {
        int[] count = new int[1];
        if (!succeeds("nvmlDeviceGetCount_v2", count) || count[0] == 0) {
            throw unavailable("the NVIDIA driver finds no card");
        }
        List<Card> cards = new ArrayList<>();
        for (int i = 0; i < count[0]; i++) {
            PointerByReference handle = new PointerByReference();
            if (succeeds("nvmlDeviceGetHandleByIndex_v2", i, handle)) {
                cards.add(new Card(handle.getValue()));
            }
        }
        if (cards.isEmpty()) {
            throw unavailable("the NVIDIA driver gives access to no card here");
        }
        return cards;
    }

    /** The parts of a card that is divided by MIG. Empty for an undivided card. */
    private List<Pointer> parts(Pointer card) {
        int[] mode = new int[1];
        int[] max = new int[1];
        if (!succeeds("nvmlDeviceGetMigMode", card, mode, new int[1])
                || mode[0] != ENABLED
                || !succeeds("nvmlDeviceGetMaxMigDeviceCount", card, max)) {
            return List.of();
        }
        List<Pointer> parts = new ArrayList<>();
        for (int i = 0; i < max[0]; i++) {
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

    /** The part of a card that CUDA uses: the one named in its environment variable, else the first one. */
    private Pointer usedPart(Pointer card) {
        List<Pointer> parts = parts(card);
        return parts.stream()
                .filter(part -> uuid(part).filter(cudaDevices::names).isPresent())
                .findFirst()
                .or(() -> parts.stream().findFirst())
                .orElse(card);
    }

    /** Closes this. Returns {@link MeterUnavailable#foreignProcess}. */
    MeterUnavailable foreignProcess(int pid) {
        close();
        return MeterUnavailable.foreignProcess(pid, "the NVIDIA driver's list");
    }

    /** Closes this. Returns the exception for the caller to throw. */
    MeterUnavailable unavailable(String reason) {
        close();
        return new MeterUnavailable(reason);
    }

    /**
     * One card, with the buffers for its values. Under MIG, memory, processes, name and UUID are those of the part that
     * CUDA uses. All other values are those of the whole card.
     */
    final class Card {
        private final Pointer card;
        private final Pointer part;
        private final Memory memory = new Memory(MEMORY);
        private final long[] longValue = new long[1];
        private final int[] intValue = new int[1];

        /** {@code nvmlUtilization_t}: of the GPU, of the memory. */
        private final int[] shares = new int[2];

        private final long partAddress;
        private final long memoryAddress = Pointer.nativeValue(memory);
        private final @Nullable Function energy =
                function("nvmlDeviceGetTotalEnergyConsumption").orElse(null);
        private final @Nullable Function power =
                function("nvmlDeviceGetPowerUsage").orElse(null);
        private final @Nullable Function clock =
                function("nvmlDeviceGetClockInfo").orElse(null);
        private final @Nullable Function temperature =
                function("nvmlDeviceGetTemperature").orElse(null);
        private final @Nullable Function utilization =
                function("nvmlDeviceGetUtilizationRates").orElse(null);
        private final @Nullable Function clockReasons = function("nvmlDeviceGetCurrentClocksEventReasons")
                .or(() -> function("nvmlDeviceGetCurrentClocksThrottleReasons"))
                .orElse(null);

        private Card(Pointer card) {
            this.card = card;
            part = usedPart(card);
            partAddress = Pointer.nativeValue(part);
        }

        /** The device that memory and processes are read from. */
        Pointer handle() {
            return part;
        }

        Nvml nvml() {
            return Nvml.this;
        }

        /** Memory size of the card in bytes. */
        OptionalLong total() {
            return readMemory() ? OptionalLong.of(memory.getLong(0)) : OptionalLong.empty();
        }

        /** Memory in use in bytes, with the driver's own: {@code nvmlMemory_t}, the first version. */
        OptionalLong used() {
            return readMemory() ? value(memory.getLong(16), memory.getLong(0)) : OptionalLong.empty();
        }

        private boolean readMemory() {
            return Polled.nvmlDeviceGetMemoryInfo(partAddress, memoryAddress) == SUCCESS && memory.getLong(0) > 0;
        }

        /** The driver's own memory in bytes: {@code nvmlMemory_v2_t}. Drivers since 510 report it. */
        OptionalLong reserved() {
            try (Memory v2 = new Memory(MEMORY_V2)) {
                v2.clear();
                v2.setInt(0, MEMORY_V2_VERSION);
                return succeeds("nvmlDeviceGetMemoryInfo_v2", part, v2)
                        ? value(v2.getLong(16), v2.getLong(8))
                        : OptionalLong.empty();
            }
        }

        /** Whether an administrator has enabled process accounting. */
        boolean accounting() {
            return succeeds("nvmlDeviceGetAccountingMode", part, intValue) && intValue[0] == ENABLED;
        }

        /** PCI id in the spelling of {@link Cards#pciId}. */
        Optional<String> pciId() {
            try (Memory info = new Memory(PCI_INFO)) {
                info.clear();
                // All versions start with the id in 16 characters.
                return succeeds("nvmlDeviceGetPciInfo_v3", card, info)
                                || succeeds("nvmlDeviceGetPciInfo_v2", card, info)
                        ? Cards.pciId(Native.toString(info.getByteArray(0, 16)))
                        : Optional.empty();
            }
        }

        /** Name such as {@code NVIDIA GeForce RTX 4090}; under MIG the part's profile follows. */
        Optional<String> name() {
            return text("nvmlDeviceGetName", part);
        }

        /** UUID: {@code GPU-…} or {@code MIG-…}. */
        Optional<String> uuid() {
            return Nvml.this.uuid(part);
        }

        /** {@code WDDM}, {@code TCC} or {@code MCDM}. Windows only; only the second version reports {@code MCDM}. */
        Optional<String> driverModel() {
            boolean known = succeeds("nvmlDeviceGetDriverModel_v2", card, intValue, new int[1])
                    || succeeds("nvmlDeviceGetDriverModel", card, intValue, new int[1]);
            return known && intValue[0] >= 0 && intValue[0] < DRIVER_MODELS.size()
                    ? Optional.of(DRIVER_MODELS.get(intValue[0]))
                    : Optional.empty();
        }

        /**
         * {@code active} if the card has memory for a display, {@code connected} if a display is only plugged in, and
         * {@code none} without one. A card may be active without a display.
         */
        Optional<String> display() {
            boolean known = succeeds("nvmlDeviceGetDisplayActive", card, intValue);
            boolean active = known && intValue[0] == ENABLED;
            known &= active || succeeds("nvmlDeviceGetDisplayMode", card, intValue);
            boolean connected = known && intValue[0] == ENABLED;
            return known ? Optional.of(active ? "active" : connected ? "connected" : "none") : Optional.empty();
        }

        /** The power limit that is set, in W. */
        OptionalLong powerLimit() {
            return fact("nvmlDeviceGetPowerManagementLimit").stream()
                    .map(milliwatts -> milliwatts / 1000)
                    .findFirst();
        }

        /** Whether the driver stays loaded while no program uses the card. Linux only. */
        Optional<String> persistence() {
            OptionalLong mode = fact("nvmlDeviceGetPersistenceMode");
            return mode.isPresent() ? Optional.of(mode.getAsLong() == ENABLED ? "on" : "off") : Optional.empty();
        }

        /** The fastest PCIe generation of card and slot. The current one is slower while the card is idle. */
        OptionalLong pcieGeneration() {
            return fact("nvmlDeviceGetMaxPcieLinkGeneration");
        }

        /** The most PCIe lanes of card and slot. */
        OptionalLong pcieWidth() {
            return fact("nvmlDeviceGetMaxPcieLinkWidth");
        }

        private OptionalLong fact(String function) {
            return succeeds(function, card, intValue) ? OptionalLong.of(intValue[0]) : OptionalLong.empty();
        }

        /** Energy drawn since the driver was loaded, in mJ. Cards since Volta report it. */
        OptionalLong millijoules() {
            return longOf(energy, card, longValue);
        }

        /** Power drawn in mW. The driver averages it over up to a second. */
        OptionalLong milliwatts() {
            return intOf(power, card, intValue);
        }

        /** Current clock of the multiprocessors in MHz. */
        OptionalLong smClock() {
            return intOf(clock, card, SM_CLOCK, intValue);
        }

        /** Current clock of the memory in MHz. */
        OptionalLong memoryClock() {
            return intOf(clock, card, MEMORY_CLOCK, intValue);
        }

        /** Temperature of the GPU in °C. */
        OptionalLong celsius() {
            return intOf(temperature, card, GPU_TEMPERATURE, intValue);
        }

        /** Share of the driver's last sample period in which the GPU computed, in %. The period is 1/6 s to 1 s. */
        OptionalLong gpuShare() {
            return share(0);
        }

        /** Share of the same period in which the card's memory was read or written, in %. */
        OptionalLong memoryShare() {
            return share(1);
        }

        private OptionalLong share(int index) {
            return succeeds(utilization, card, shares) ? OptionalLong.of(shares[index]) : OptionalLong.empty();
        }

        /**
         * Reasons for the current clocks, as bits of {@code nvmlClocksEventReasons}. Before driver 535 they are called
         * {@code …ThrottleReasons}.
         */
        OptionalLong clockReasons() {
            return longOf(clockReasons, card, longValue);
        }

        private OptionalLong longOf(@Nullable Function function, Object... arguments) {
            return succeeds(function, arguments) ? OptionalLong.of(longValue[0]) : OptionalLong.empty();
        }

        private OptionalLong intOf(@Nullable Function function, Object... arguments) {
            return succeeds(function, arguments) ? OptionalLong.of(intValue[0]) : OptionalLong.empty();
        }
    }

    /**
     * A size reported by the driver, in bytes. Empty if it is no valid size: {@code NVML_VALUE_NOT_AVAILABLE} is all
     * ones, so negative, and no size is above the card's total.
     */
    static OptionalLong value(long bytes, long total) {
        return bytes < 0 || bytes > total ? OptionalLong.empty() : OptionalLong.of(bytes);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            call("nvmlShutdown");
        }
    }
}
