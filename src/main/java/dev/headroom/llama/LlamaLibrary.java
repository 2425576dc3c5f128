package dev.headroom.llama;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import dev.headroom.BadInput;
import dev.headroom.llama.binding.Ggml;
import dev.headroom.llama.binding.GgmlBase;
import dev.headroom.llama.binding.Llama;
import dev.headroom.llama.binding.LlamaStateExt;
import dev.headroom.llama.binding.ParamsLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The llama.cpp of this process. A process can open only one, and cannot close it. */
public final class LlamaLibrary {
    private static final String LOG_PROPERTY = "headroom.llama.log";
    private static final int RTLD_NOW = 2;

    private static @Nullable LlamaLibrary instance;

    private final LibraryFiles files;
    private final LlamaLog log;
    private final NativeLibrary llama;
    private final NativeLibrary base;
    private final LlamaBuild build;
    private final ParamsLayout layout;
    private final boolean copiesPartsOfState;

    private LlamaLibrary(LibraryFiles files) {
        this.files = files;
        Optional<String> release = release(files);
        release.filter(LlamaLibrary::isTooOld).ifPresent(old -> {
            throw unsupported(old, "is not supported");
        });
        String logFile = System.getProperty(LOG_PROPERTY, "");
        log = new LlamaLog(logFile.isBlank() ? null : Path.of(logFile));
        CrashDumps.disable();
        base = load(files.base());
        NativeLibrary ggml = load(files.ggml());
        llama = load(files.llama());
        String commit = text(base, "ggml_commit").orElse(null);
        build = new LlamaBuild(version(release.orElse(null)), commit, files.directory(), files.llama());
        register(Llama.class, llama);
        copiesPartsOfState = function("llama_state_seq_get_size_ext").isPresent();
        if (copiesPartsOfState) {
            register(LlamaStateExt.class, llama);
        }
        register(Ggml.class, ggml);
        register(GgmlBase.class, base);
        Llama.llama_log_set(log.callback(), Pointer.NULL);
        GgmlBase.ggml_log_set(log.callback(), Pointer.NULL);
        layout = ParamsLayout.fitting(Llama.llama_model_default_params(), Llama.llama_context_default_params())
                .orElseThrow(() -> unsupported(build.version(), "returns unknown default parameters"));
        loadBackends();
        Llama.llama_backend_init();
    }

    /**
     * Opens the llama.cpp in a directory or its subdirectories {@code lib}, {@code lib64}, {@code bin} and
     * {@code build/bin}. If the same one is already open, this returns it.
     *
     * @throws BadInput if there is none that works here
     * @throws IllegalStateException if this process has opened another one
     */
    public static synchronized LlamaLibrary open(Path directory) {
        LibraryFiles files = LibraryFiles.in(directory);
        LlamaLibrary opened = instance;
        if (opened == null) {
            opened = new LlamaLibrary(files);
            instance = opened;
        } else if (!opened.files.equals(files)) {
            throw new IllegalStateException(
                    files.llama() + " cannot be opened: this process has opened " + opened.files.llama() + ".");
        }
        return opened;
    }

    /** The library that this process has opened; empty if none. */
    public static synchronized Optional<LlamaLibrary> loaded() {
        return Optional.ofNullable(instance);
    }

    public LlamaBuild build() {
        return build;
    }

    /** The devices, with their current memory. With CUDA, the first call creates the driver context. */
    public List<LlamaDevice> devices() {
        List<LlamaDevice> devices = new ArrayList<>();
        for (long i = 0; i < Ggml.ggml_backend_dev_count(); i++) {
            Pointer device = Ggml.ggml_backend_dev_get(i);
            long[] free = new long[1];
            long[] total = new long[1];
            GgmlBase.ggml_backend_dev_memory(device, free, total);
            boolean reported = total[0] > 0;
            devices.add(new LlamaDevice(
                    GgmlBase.ggml_backend_dev_name(device),
                    GgmlBase.ggml_backend_dev_description(device),
                    type(GgmlBase.ggml_backend_dev_type(device)),
                    reported ? total[0] : null,
                    reported ? free[0] : null));
        }
        return devices;
    }

    /**
     * The maximum size of one buffer of a device, in bytes.
     *
     * @param device index in {@link #devices()}
     */
    public long largestBuffer(int device) {
        long size = GgmlBase.ggml_backend_buft_get_max_size(bufferType(device));
        return size < 0 ? Long.MAX_VALUE : size; // SIZE_MAX: no limit
    }

    /**
     * Allocates memory of a device. Drivers may take part of it only when it is filled.
     *
     * @param device index in {@link #devices()}
     * @throws LlamaOutOfMemory if there is not enough memory
     */
    public DeviceBuffer allocate(int device, long bytes) {
        Pointer buffer = GgmlBase.ggml_backend_buft_alloc_buffer(bufferType(device), bytes);
        if (buffer == null) {
            throw new LlamaOutOfMemory("Not enough memory for " + bytes + " bytes on this device.");
        }
        return new DeviceBuffer(buffer);
    }

    private static Pointer bufferType(int device) {
        return GgmlBase.ggml_backend_dev_buffer_type(Ggml.ggml_backend_dev_get(device));
    }

    /** ggml's buffer type for the host's memory. */
    Pointer hostBufferType() {
        return GgmlBase.ggml_backend_dev_buffer_type(Ggml.ggml_backend_dev_by_type(GgmlBase.DEVICE_TYPE_CPU));
    }

    /** The CPU features and backends, in llama.cpp's words. */
    public String systemInfo() {
        return Llama.llama_print_system_info().strip();
    }

    public LlamaLog log() {
        return log;
    }

    /** Calls {@code llama_max_devices()}. It returns a constant, so its time is the overhead of a call. */
    public long maxDevices() {
        return Llama.llama_max_devices();
    }

    ParamsLayout layout() {
        return layout;
    }

    /** Whether the library has the functions of {@link LlamaStateExt}. */
    boolean copiesPartsOfState() {
        return copiesPartsOfState;
    }

    /** A function that is missing in some supported versions. */
    Optional<Function> function(String name) {
        return function(llama, name);
    }

    private static Optional<Function> function(NativeLibrary library, String name) {
        try {
            return Optional.of(library.getFunction(name));
        } catch (UnsatisfiedLinkError e) {
            return Optional.empty();
        }
    }

    private static Optional<String> text(NativeLibrary library, String function) {
        return function(library, function)
                .map(f -> f.invokeString(new Object[0], false))
                .filter(text -> !text.isBlank() && !text.equals("unknown"));
    }

    private static NativeLibrary load(Path file) {
        // RTLD_NOW binds all symbols at once: a missing one is found here, and not in the middle of a run.
        Map<String, Object> options = Platform.isWindows() ? Map.of() : Map.of(Library.OPTION_OPEN_FLAGS, RTLD_NOW);
        try {
            return NativeLibrary.getInstance(file.toAbsolutePath().toString(), options);
        } catch (UnsatisfiedLinkError e) {
            throw new BadInput(file + " cannot be loaded (" + firstLine(e) + "): " + remedy(firstLine(e)) + ".", e);
        }
    }

    private static String firstLine(UnsatisfiedLinkError e) {
        String message = String.valueOf(e.getMessage());
        return message.lines()
                .map(l -> l.replaceFirst("^Unable to load library '[^']*':?\\s*", "")
                        .strip())
                .filter(l -> !l.isEmpty())
                .findFirst()
                .orElse(message);
    }

    private static String remedy(String reason) {
        if (reason.contains("GLIBC") || reason.contains("GLIBCXX")) {
            return "use a llama.cpp built for this Linux or an older one";
        }
        if (reason.contains("cannot open shared object file") || reason.contains("Library not loaded")) {
            return "install the missing library, or use another llama.cpp";
        }
        if (reason.contains("undefined symbol")) {
            return "its libraries are of several releases, so keep each llama.cpp in its own directory";
        }
        return "use another llama.cpp";
    }

    private void register(Class<?> mirror, NativeLibrary library) {
        try {
            Native.register(mirror, library);
        } catch (UnsatisfiedLinkError e) {
            throw unsupported(build.version(), "has no " + missing(e));
        }
    }

    private static final Pattern LOOKED_UP = Pattern.compile("looking up function '(?<name>\\w+)'");

    private static String missing(UnsatisfiedLinkError e) {
        Matcher function = LOOKED_UP.matcher(String.valueOf(e.getMessage()));
        return function.find() ? function.group("name") : "function that Headroom needs (" + firstLine(e) + ")";
    }

    private BadInput unsupported(String version, String why) {
        return new BadInput(files.llama() + " is llama.cpp " + version + ", which " + why + ": use a release from "
                + ParamsLayout.OLDEST + " to " + ParamsLayout.NEWEST + ".");
    }

    /** True for {@code b4916}; false for {@code b5640}, {@code v0.4.0} and names that are not releases. */
    static boolean isTooOld(String release) {
        return release.matches("b\\d{1,9}")
                && Integer.parseInt(release.substring(1)) < Integer.parseInt(ParamsLayout.OLDEST.substring(1));
    }

    private void loadBackends() {
        Ggml.ggml_backend_load_all_from_path(
                CString.of(files.directory().toAbsolutePath().toString()));
        if (Ggml.ggml_backend_dev_by_type(GgmlBase.DEVICE_TYPE_CPU) == null) {
            // Linux distributions compile another directory for backends into ggml.
            Ggml.ggml_backend_load_all();
        }
        if (Ggml.ggml_backend_dev_by_type(GgmlBase.DEVICE_TYPE_CPU) == null) {
            throw new BadInput("No CPU backend (libggml-cpu) that runs here in " + files.directory()
                    + ": give a directory with all files of a llama.cpp.");
        }
    }

    /** {@code llama_version()}, if it exists; else the release, the build number or {@code unknown}. */
    private String version(@Nullable String release) {
        Optional<String> own = text(llama, "llama_version").map(v -> v.startsWith("v") ? v : "v" + v);
        return own.map(v -> release != null && v.startsWith(release) ? release : v)
                .or(() -> Optional.ofNullable(release))
                .or(this::buildNumber)
                .orElse("unknown");
    }

    /** {@code LLAMA_BUILD_NUMBER}. It exists only with llama.cpp's library for programs, as in java-llama.cpp. */
    private Optional<String> buildNumber() {
        try {
            int number = llama.getGlobalVariableAddress("LLAMA_BUILD_NUMBER").getInt(0);
            return number > 0 ? Optional.of("b" + number) : Optional.empty();
        } catch (UnsatisfiedLinkError e) {
            return Optional.empty();
        }
    }

    private static Optional<String> release(LibraryFiles files) {
        return metadataRelease(files.directory()).or(() -> releaseIn(realName(files.llama())));
    }

    /** The release in the metadata file of an npm package. */
    private static Optional<String> metadataRelease(Path directory) {
        Path file = directory.resolve("_nlcBuildMetadata.json");
        if (!Files.isReadable(file)) {
            return Optional.empty();
        }
        try {
            String release = new ObjectMapper()
                    .readTree(Files.readString(file))
                    .at("/buildOptions/llamaCpp/release")
                    .asText();
            return Optional.of(release).filter(r -> !r.isEmpty());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static final Pattern RELEASE = Pattern.compile("[.-](?<release>b\\d{4,}|v\\d+\\.\\d+\\.\\d+)\\b");
    private static final Pattern BUILD_NUMBER = Pattern.compile("\\b0\\.0\\.(?<number>\\d{4,})\\b");

    /** The release in {@code libllama.vulkan.v0.4.0.so}, {@code libllama.b6431.so} or {@code libllama.so.0.0.6431}. */
    static Optional<String> releaseIn(String fileName) {
        Matcher release = RELEASE.matcher(fileName);
        if (release.find()) {
            return Optional.of(release.group("release"));
        }
        Matcher number = BUILD_NUMBER.matcher(fileName);
        return number.find() ? Optional.of("b" + number.group("number")) : Optional.empty();
    }

    private static String realName(Path file) {
        try {
            return String.valueOf(file.toRealPath().getFileName());
        } catch (IOException e) {
            return String.valueOf(file.getFileName());
        }
    }

    /** The type for {@code enum ggml_backend_dev_type}. Number 2 is ACCEL up to b6431, and IGPU since b6673. */
    private LlamaDevice.Type type(int type) {
        return switch (type) {
            case 0 -> LlamaDevice.Type.CPU;
            case 1 -> LlamaDevice.Type.GPU;
            case 2 -> hasIgpu() ? LlamaDevice.Type.IGPU : LlamaDevice.Type.ACCEL;
            default -> LlamaDevice.Type.ACCEL;
        };
    }

    /** Releases with IGPU have at least one of these functions; older releases have none. */
    private boolean hasIgpu() {
        return function("llama_model_is_hybrid").isPresent()
                || function("llama_memory_breakdown_print").isPresent();
    }
}
