package dev.headroom.llama;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.jna.Function;
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
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The llama.cpp of this process. A process opens one library, once, and keeps it to its end. */
public final class LlamaLibrary {
    private static final String LOG_PROPERTY = "headroom.llama.log";

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
            throw unsupported(old, "");
        });
        this.log = new LlamaLog(Optional.ofNullable(System.getProperty(LOG_PROPERTY))
                .filter(p -> !p.isBlank())
                .map(Path::of));
        Crashes.endAtOnce();
        base = load(files.base().or(files::ggml).orElse(files.llama()));
        NativeLibrary ggml = load(files.ggml().orElse(files.llama()));
        llama = load(files.llama());
        build = new LlamaBuild(version(release), text(base, "ggml_commit"), files.directory(), files.llama());
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
                .orElseThrow(() -> unsupported(build.version(), " and returns other defaults than these do"));
        loadBackends();
        Llama.llama_backend_init();
    }

    /**
     * Opens the llama.cpp in a directory, or below it in {@code lib}, {@code lib64}, {@code bin} or {@code build/bin}.
     * Opening the same one again gives the same library.
     *
     * @throws BadInput if there is none that works here; the message says why and what to do
     * @throws IllegalStateException if another one has been opened in this process
     */
    public static synchronized LlamaLibrary open(Path directory) {
        LibraryFiles files = LibraryFiles.in(directory);
        LlamaLibrary opened = instance;
        if (opened == null) {
            opened = new LlamaLibrary(files);
            instance = opened;
        } else if (!opened.files.equals(files)) {
            throw new IllegalStateException("This process has opened " + opened.files.llama() + " and cannot open "
                    + files.llama() + " as well.");
        }
        return opened;
    }

    /** The library that has been opened in this process. */
    public static synchronized Optional<LlamaLibrary> loaded() {
        return Optional.ofNullable(instance);
    }

    public LlamaBuild build() {
        return build;
    }

    /** The devices, their memory read anew. On CUDA the first call creates the driver's context. */
    public List<LlamaDevice> devices() {
        List<LlamaDevice> devices = new ArrayList<>();
        for (long i = 0; i < Ggml.ggml_backend_dev_count(); i++) {
            Pointer device = Ggml.ggml_backend_dev_get(i);
            long[] free = new long[1];
            long[] total = new long[1];
            GgmlBase.ggml_backend_dev_memory(device, free, total);
            boolean told = total[0] > 0;
            devices.add(new LlamaDevice(
                    GgmlBase.ggml_backend_dev_name(device),
                    GgmlBase.ggml_backend_dev_description(device),
                    type(GgmlBase.ggml_backend_dev_type(device)),
                    told ? OptionalLong.of(total[0]) : OptionalLong.empty(),
                    told ? OptionalLong.of(free[0]) : OptionalLong.empty()));
        }
        return devices;
    }

    /** The most bytes that one buffer of a device can have, by its place in {@link #devices()}. */
    public long largestBuffer(int device) {
        long size = GgmlBase.ggml_backend_buft_get_max_size(bufferType(device));
        return size < 0 ? Long.MAX_VALUE : size; // SIZE_MAX: no limit
    }

    /**
     * Takes memory of a device, by its place in {@link #devices()}. Not all of it may be there before it is filled.
     *
     * @throws LlamaOutOfMemory if there is no room
     */
    public DeviceBuffer allocate(int device, long bytes) {
        Pointer buffer = GgmlBase.ggml_backend_buft_alloc_buffer(bufferType(device), bytes);
        if (buffer == null) {
            throw new LlamaOutOfMemory("There is no room for " + bytes + " bytes on this device.");
        }
        return new DeviceBuffer(buffer);
    }

    private static Pointer bufferType(int device) {
        return GgmlBase.ggml_backend_dev_buffer_type(Ggml.ggml_backend_dev_get(device));
    }

    /** The buffer type of the host's memory. */
    Pointer hostBufferType() {
        return GgmlBase.ggml_backend_dev_buffer_type(Ggml.ggml_backend_dev_by_type(GgmlBase.DEVICE_TYPE_CPU));
    }

    /** CPU features and backends, as llama.cpp prints them. */
    public String systemInfo() {
        return Llama.llama_print_system_info().strip();
    }

    public LlamaLog log() {
        return log;
    }

    /** {@code llama_max_devices()}: it returns a constant, so a call costs what any call costs. */
    public long maxDevices() {
        return Llama.llama_max_devices();
    }

    ParamsLayout layout() {
        return layout;
    }

    /** Whether it has the functions of {@link LlamaStateExt}. */
    boolean copiesPartsOfState() {
        return copiesPartsOfState;
    }

    /** A function that not every supported version has. */
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
        // Bind all symbols at once: a missing one is then known here and not in the middle of a run.
        Map<String, Object> options =
                Platform.isWindows() ? Map.of() : Map.of(com.sun.jna.Library.OPTION_OPEN_FLAGS, 2);
        try {
            return NativeLibrary.getInstance(file.toAbsolutePath().toString(), options);
        } catch (UnsatisfiedLinkError e) {
            throw new BadInput(file + " cannot be loaded: " + firstLine(e) + "." + remedy(firstLine(e)), e);
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
            return " It was built for a newer Linux than this one: use a llama.cpp built here or for an older one.";
        }
        if (reason.contains("cannot open shared object file") || reason.contains("Library not loaded")) {
            return " Install the library that is missing, or name a llama.cpp that does without.";
        }
        if (reason.contains("undefined symbol")) {
            return " The libraries in this directory are not of one release: keep each llama.cpp in a directory of its own.";
        }
        return " Name another llama.cpp.";
    }

    private void register(Class<?> mirror, NativeLibrary library) {
        try {
            Native.register(mirror, library);
        } catch (UnsatisfiedLinkError e) {
            throw unsupported(build.version(), " and has no " + missing(e));
        }
    }

    private static final Pattern LOOKED_UP = Pattern.compile("looking up function '(?<name>\\w+)'");

    private static String missing(UnsatisfiedLinkError e) {
        Matcher function = LOOKED_UP.matcher(String.valueOf(e.getMessage()));
        return function.find() ? function.group("name") : "function that is needed (" + firstLine(e) + ")";
    }

    private BadInput unsupported(String version, String why) {
        return new BadInput("This llama.cpp is not supported: " + files.llama() + " is version " + version + why
                + ". Headroom runs on releases from " + ParamsLayout.OLDEST + " to " + ParamsLayout.NEWEST
                + ": name one of these.");
    }

    /** {@code b4916} is, {@code b5640}, {@code v0.4.0} and what is no release are not. */
    static boolean isTooOld(String release) {
        return release.matches("b\\d{1,9}")
                && Integer.parseInt(release.substring(1)) < Integer.parseInt(ParamsLayout.OLDEST.substring(1));
    }

    private void loadBackends() {
        Ggml.ggml_backend_load_all_from_path(
                CString.of(files.directory().toAbsolutePath().toString()));
        if (Ggml.ggml_backend_dev_by_type(GgmlBase.DEVICE_TYPE_CPU) == null) {
            // Distributions keep backends in a folder that is compiled in.
            Ggml.ggml_backend_load_all();
        }
        if (Ggml.ggml_backend_dev_by_type(GgmlBase.DEVICE_TYPE_CPU) == null) {
            throw new BadInput("llama.cpp finds no CPU backend: there is no libggml-cpu that runs here in "
                    + files.directory() + "; name a directory that holds all files of a llama.cpp.");
        }
    }

    /** {@code llama_version()} where there is one, made exact by the release that metadata or the file's name tell. */
    private String version(Optional<String> release) {
        Optional<String> own = text(llama, "llama_version").map(v -> v.startsWith("v") ? v : "v" + v);
        return own.map(v -> release.filter(r -> v.startsWith(r)).orElse(v))
                .or(() -> release)
                .or(this::buildNumber)
                .orElse("unknown");
    }

    /** {@code LLAMA_BUILD_NUMBER} is where llama.cpp's code for programs is linked in, as in java-llama.cpp. */
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

    /** The npm packages say in a file from which release they were built. */
    private static Optional<String> metadataRelease(Path directory) {
        Path file = directory.resolve("_nlcBuildMetadata.json");
        if (!Files.isReadable(file)) {
            return Optional.empty();
        }
        try {
            String json = Files.readString(file);
            String release = new ObjectMapper()
                    .readTree(json)
                    .at("/buildOptions/llamaCpp/release")
                    .asText();
            return Optional.of(release).filter(r -> !r.isEmpty());
        } catch (JsonProcessingException e) {
            return Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static final Pattern RELEASE = Pattern.compile("[.-](?<release>b\\d{4,}|v\\d+\\.\\d+\\.\\d+)\\b");
    private static final Pattern BUILD_NUMBER = Pattern.compile("\\b0\\.0\\.(?<number>\\d{4,})\\b");

    /** {@code libllama.vulkan.v0.4.0.so}, {@code libllama.b6431.so}, {@code libllama.so.0.0.6431}. */
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

    /** {@code enum ggml_backend_dev_type}: until b6431 the third was ACCEL, since b6673 IGPU comes before it. */
    private LlamaDevice.Type type(int type) {
        return switch (type) {
            case 0 -> LlamaDevice.Type.CPU;
            case 1 -> LlamaDevice.Type.GPU;
            case 2 -> hasIgpu() ? LlamaDevice.Type.IGPU : LlamaDevice.Type.ACCEL;
            default -> LlamaDevice.Type.ACCEL;
        };
    }

    /** Of these two functions the releases with IGPU have at least one, and those without it none. */
    private boolean hasIgpu() {
        return function("llama_model_is_hybrid").isPresent()
                || function("llama_memory_breakdown_print").isPresent();
    }
}
