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
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What llama.cpp would allocate for a model and its contexts, by its own account: it reads the file's header, adds up
 * buffers and takes none of them ({@code no_alloc}). A few milliseconds a context. Not safe for use by several threads.
 *
 * <p>Sizes of weights it does not tell that way, but where it would put them: {@link #devices()} and
 * {@link #hostBuffers()}.
 */
public final class LlamaSimulation implements AutoCloseable {
    private static final int LOAD_MODE_NONE = 0;
    private static final String HOST = "CPU";

    private static final Pattern LAYER =
            Pattern.compile("layer +(?<layer>\\d{1,6}) assigned to device (?<device>[^, ]+)");
    private static final Pattern OVERRIDDEN =
            Pattern.compile("tensor (?<tensor>\\S+) \\(.*\\) buffer type overridden to (?<buffer>\\S+)");
    private static final Pattern KEPT = Pattern.compile(LAYER + "|" + OVERRIDDEN);
    private static final Pattern CACHE =
            Pattern.compile("kv_cache\\w*: +size = +(?<mib>[0-9.]+) MiB \\( *(?<cells>\\d+) cells");

    /**
     * What a context would take.
     *
     * @param flashAttention as resolved
     * @param kvMebibytes keys and values on all devices together; empty: there is no KV cache
     * @param buffers recurrent state, compute and output, by device
     */
    public record Context(Optional<Boolean> flashAttention, OptionalDouble kvMebibytes, List<Buffer> buffers) {
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
     * Reads a model's header.
     *
     * @param gpuLayers as for {@link LlamaModel#load}
     * @throws LlamaException if this llama.cpp cannot simulate, or does not know such a model
     */
    public static LlamaSimulation load(LlamaLibrary library, Path file, int gpuLayers) {
        if (!library.layout().model().fields().containsKey("no_alloc")) {
            throw new LlamaException(
                    "llama.cpp " + library.build().version() + " cannot simulate what it would allocate.");
        }
        library.log().keepDebug(KEPT);
        long mark = library.log().mark();
        library.log().note(LlamaLog.LOADING + file + ", gpuLayers " + gpuLayers + ", simulated");
        LlamaModel model = LlamaModel.load(library, file, params(library, gpuLayers));
        List<String> lines = library.log().since(mark);
        List<String> devices = devices(lines);
        if (devices.isEmpty()) {
            model.close();
            throw new LlamaException(
                    "llama.cpp " + library.build().version() + " does not say where it would put layers.");
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
     * llama.cpp copies some weights into a form that suits the CPU better. Which ones depends on the CPU, types and
     * shapes; told to put everything on the host, it says of each tensor which buffer it would choose there.
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

    /** The device of each layer, then of the output layer, by ggml's names. */
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

    /** The buffers of each tensor in the order in which they were chosen. */
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

    /** What the lines of one context tell. */
    static Context context(List<String> lines) {
        LlamaFacts facts = LlamaLog.parse(lines);
        OptionalDouble kv = lines.stream()
                .map(CACHE::matcher)
                .filter(Matcher::find)
                .mapToDouble(cache -> Double.parseDouble(cache.group("mib")))
                .reduce(Double::sum);
        return new Context(
                facts.flashAttention(),
                kv,
                facts.buffers().stream()
                        .filter(buffer -> buffer.kind() != Kind.KV && buffer.kind() != Kind.MODEL)
                        .toList());
    }

    /** The device of each layer, then of the output layer, by ggml's names; {@code CPU} is the host. */
    public List<String> devices() {
        return devices;
    }

    /**
     * For each tensor the buffers it would have on the host: {@code CPU}, or the name of the form it is copied into. A
     * tensor with several uses has several. Empty: all would be in {@code CPU}.
     */
    public Map<String, List<String>> hostBuffers() {
        return hostBuffers;
    }

    /**
     * What such a context would take.
     *
     * @throws LlamaException if llama.cpp would not make it
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
