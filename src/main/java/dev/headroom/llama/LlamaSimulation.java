package dev.headroom.llama;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import dev.headroom.llama.LlamaFacts.Buffer;
import dev.headroom.llama.LlamaFacts.Kind;
import dev.headroom.llama.binding.Llama;
import dev.headroom.llama.binding.Params;
import dev.headroom.llama.binding.StructLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The buffers that llama.cpp would allocate for a model and its contexts. llama.cpp reads the file's header and
 * computes sizes, but allocates nothing ({@code no_alloc}). A context takes a few milliseconds. Not thread-safe.
 *
 * <p>For weights, llama.cpp reports no sizes this way, only their place: {@link #devices()} and {@link #hostBuffers()}.
 */
public final class LlamaSimulation implements AutoCloseable {
    private static final int LOAD_MODE_NONE = 0;
    private static final String HOST = "CPU";

    private static final Pattern LAYER =
            Pattern.compile("layer +(?<layer>\\d{1,6}) assigned to device (?<device>[^, ]+)");
    private static final Pattern OVERRIDDEN =
            Pattern.compile("tensor (?<tensor>\\S+) \\(.*\\) buffer type overridden to (?<buffer>\\S+)");
    private static final Pattern KEPT_LINES = Pattern.compile(LAYER + "|" + OVERRIDDEN);
    private static final Pattern CACHE =
            Pattern.compile("kv_cache\\w*: +size = +(?<mib>[0-9.]+) MiB \\( *(?<cells>\\d+) cells");

    /**
     * The memory of a context.
     *
     * @param flashAttention whether the context uses flash attention, after {@code auto} was resolved; null if unknown
     * @param kvMebibytes KV cache on all devices together, in MiB; null if there is none
     * @param buffers buffers for recurrent state, compute and output on each device
     */
    public record Context(@Nullable Boolean flashAttention, @Nullable Double kvMebibytes, List<Buffer> buffers) {
        public Context {
            buffers = List.copyOf(buffers);
        }
    }

    private final LlamaModel model;
    private final List<String> devices;
    private final Map<String, List<String>> hostBuffers;

    private LlamaSimulation(LlamaModel model, List<String> devices, Map<String, List<String>> hostBuffers) {
        this.model = model;
        this.devices = List.copyOf(devices);
        this.hostBuffers = Map.copyOf(hostBuffers);
    }

    /**
     * Simulates loading a model.
     *
     * @param gpuLayers as for {@link LlamaModel#load}
     * @throws LlamaException if this llama.cpp cannot simulate or does not support the model
     */
    public static LlamaSimulation load(LlamaLibrary library, Path file, int gpuLayers) {
        if (!library.layout().model().fields().containsKey("no_alloc")) {
            throw new LlamaException("llama.cpp " + library.build().version() + " cannot simulate allocations.");
        }
        library.log().keepDebug(KEPT_LINES);
        long mark = library.log().mark();
        library.log().note(LlamaLog.LOADING + file + ", gpuLayers " + gpuLayers + ", simulated");
        LlamaModel model = LlamaModel.load(library, file, params(library, gpuLayers));
        List<String> lines = library.log().since(mark);
        List<String> devices = devices(lines);
        if (devices.isEmpty()) {
            model.close();
            throw new LlamaException(
                    "llama.cpp " + library.build().version() + " does not report the devices of layers.");
        }
        boolean hostAlone = LlamaLog.parse(lines).buffers().stream()
                .map(Buffer::device)
                .allMatch(buffer -> isPlain(buffer) || devices.contains(buffer));
        return new LlamaSimulation(model, devices, hostAlone ? Map.of() : askForHostBuffers(library, file, gpuLayers));
    }

    private static boolean isPlain(String buffer) {
        return buffer.equals(HOST) || buffer.endsWith("_Host");
    }

    private static Params params(LlamaLibrary library, int gpuLayers) {
        StructLayout layout = library.layout().model();
        Params params = LlamaModel.params(library, gpuLayers);
        layout.setBool(params, "no_alloc", true);
        if (layout.fields().containsKey("load_mode")) {
            layout.setInt(params, "load_mode", LOAD_MODE_NONE);
        } else {
            layout.setBool(params, "use_mmap", false);
        }
        return params;
    }

    /**
     * Asks llama.cpp for the host buffer of each tensor. llama.cpp copies some weights into a format that is faster on
     * this CPU, depending on types and shapes. If all tensors are forced to the host, it logs the buffer of each.
     */
    private static Map<String, List<String>> askForHostBuffers(LlamaLibrary library, Path file, int gpuLayers) {
        byte[] everything = CString.of(".*");
        try (Memory pattern = new Memory(everything.length);
                Memory overrides = new Memory(4L * Long.BYTES)) {
            pattern.write(0, everything, 0, everything.length);
            overrides.clear();
            overrides.setPointer(0, pattern);
            overrides.setPointer(Long.BYTES, library.hostBufferType());
            Params params = params(library, gpuLayers);
            library.layout().model().setPointer(params, "tensor_buft_overrides", overrides);
            long mark = library.log().mark();
            LlamaModel.load(library, file, params).close();
            return hostBuffers(library.log().since(mark));
        }
    }

    /** Parses {@link #devices()}. */
    static List<String> devices(List<String> lines) {
        Map<Integer, String> byLayer = new TreeMap<>();
        for (String line : lines) {
            Matcher layer = LAYER.matcher(line);
            if (layer.find()) {
                byLayer.put(Integer.valueOf(layer.group("layer")), layer.group("device"));
            }
        }
        return List.copyOf(byLayer.values());
    }

    /** Parses {@link #hostBuffers()}. The buffers of a tensor are in the order of the log. */
    static Map<String, List<String>> hostBuffers(List<String> lines) {
        Map<String, List<String>> buffers = new LinkedHashMap<>();
        for (String line : lines) {
            Matcher overridden = OVERRIDDEN.matcher(line);
            if (overridden.find()) {
                String buffer = overridden.group("buffer");
                buffers.computeIfAbsent(overridden.group("tensor"), name -> new ArrayList<>())
                        .add(isPlain(buffer) ? HOST : buffer);
            }
        }
        return buffers;
    }

    /** Parses the lines of one context. */
    static Context context(List<String> lines) {
        LlamaFacts facts = LlamaLog.parse(lines);
        Double kv = lines.stream()
                .map(CACHE::matcher)
                .filter(Matcher::find)
                .map(cache -> Double.valueOf(cache.group("mib")))
                .reduce(Double::sum)
                .orElse(null);
        return new Context(
                facts.flashAttention(),
                kv,
                facts.buffers().stream()
                        .filter(buffer -> buffer.kind() != Kind.KV && buffer.kind() != Kind.MODEL)
                        .toList());
    }

    /** ggml's name for the device of each layer, then of the output layer; {@code CPU} is the host. */
    public List<String> devices() {
        return devices;
    }

    /**
     * The buffers of each tensor if it is on the host: {@code CPU}, or the format that it is copied into. A tensor with
     * several uses has several buffers. The map is empty if all tensors would be in {@code CPU}.
     */
    public Map<String, List<String>> hostBuffers() {
        return hostBuffers;
    }

    /**
     * Simulates the creation of a context.
     *
     * @throws LlamaException if llama.cpp could not create it
     */
    public Context context(ContextSettings settings) {
        LlamaLog log = model.library().log();
        long mark = log.mark();
        Pointer handle = LlamaContext.init(model, settings);
        Llama.llama_free(handle);
        return context(log.since(mark));
    }

    @Override
    public void close() {
        model.close();
    }
}
