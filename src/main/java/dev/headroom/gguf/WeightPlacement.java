package dev.headroom.gguf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The buffers that llama.cpp v0.4.0 puts a model's tensors into. */
public final class WeightPlacement {
    /** The name of the host's buffer. */
    public static final String HOST = "CPU";

    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d{1,6})\\..*");
    private static final String EMBEDDING = "token_embd.weight";

    /** Tensors that are looked up by token stay on the host. */
    private static final Pattern INPUT =
            Pattern.compile("(?:token_embd|position_embd|token_types|per_layer_token_embd)\\.weight");

    /** Tensors for all layers are copied to every device that has a layer. */
    private static final Pattern SHARED = Pattern.compile("rope_(?:freqs|factors_long|factors_short)\\..*");

    private WeightPlacement() {}

    /**
     * The tensors in each buffer. A copied tensor is in two buffers. For example, an embedding that is also the output
     * matrix is in the host's buffer and in the output's.
     *
     * @param devices device of each layer, then of the output; {@value #HOST} for the host
     * @param hostBuffers by tensor, its buffers if it is on the host: first for its own use, then for its copy. A
     *     missing tensor is in {@value #HOST}.
     */
    public static Map<String, Set<GgufTensor>> buffers(
            List<GgufTensor> tensors, List<String> devices, Map<String, List<String>> hostBuffers) {
        Map<String, Set<GgufTensor>> buffers = new LinkedHashMap<>();
        boolean tied = tensors.stream().noneMatch(tensor -> tensor.name().equals("output.weight"));
        String output = devices.get(devices.size() - 1);
        for (GgufTensor tensor : tensors) {
            List<String> places = new ArrayList<>(places(tensor.name(), devices));
            if (tied && tensor.name().equals(EMBEDDING)) {
                places.add(output);
            }
            List<String> onHost = hostBuffers.getOrDefault(tensor.name(), List.of(HOST));
            for (int i = 0; i < places.size(); i++) {
                String place = places.get(i);
                String buffer = place.equals(HOST) ? onHost.get(Math.min(i, onHost.size() - 1)) : place;
                buffers.computeIfAbsent(buffer, name -> new LinkedHashSet<>()).add(tensor);
            }
        }
        return buffers;
    }

    private static List<String> places(String tensor, List<String> devices) {
        List<String> layers = devices.subList(0, devices.size() - 1);
        Matcher block = BLOCK.matcher(tensor);
        if (block.matches() && Integer.parseInt(block.group(1)) < layers.size()) {
            return List.of(layers.get(Integer.parseInt(block.group(1))));
        }
        if (INPUT.matcher(tensor).matches()) {
            return List.of(HOST);
        }
        return SHARED.matcher(tensor).matches()
                ? layers.stream().distinct().toList()
                : List.of(devices.get(devices.size() - 1));
    }

    /** The size of some tensors in bytes. */
    public static long bytes(Set<GgufTensor> tensors) {
        return tensors.stream().mapToLong(GgufTensor::bytes).sum();
    }

    /** The part of the file that is mapped for these tensors, in bytes: from the first to the last, with gaps. */
    public static long mappedBytes(Set<GgufTensor> tensors) {
        long first = tensors.stream().mapToLong(GgufTensor::offset).min().orElse(0);
        long end = tensors.stream()
                .mapToLong(tensor -> tensor.offset() + tensor.bytes())
                .max()
                .orElse(0);
        return end - first;
    }
}
