package dev.headroom.plan;

import dev.headroom.BadInput;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A parameter of the benchmarks: its key in a plan is the name of the field that JMH fills. In a plan each takes a
 * comma list, and every combination becomes a cell.
 */
public enum Parameter {
    /** A GGUF file or a synthetic model, see {@link ModelName}. */
    MODEL("model", "synthetic-smollm2-135m-q4_0"),
    /** Tokens, 1 to 10,000,000. Whether a model or a machine holds that many is for the run to find out. */
    CONTEXT_LENGTH("contextLength", "512"),
    /** Where the fork runs, in {@code [A-Za-z0-9._-]}; {@code local} is where Headroom itself runs. */
    ENVIRONMENT("environment", "local"),
    /** Layers on the GPU, up to 10,000; -1 is all. */
    GPU_LAYERS("gpuLayers", "-1"),
    /** Type of both halves of the KV cache. */
    KV_TYPE("kvType", "f16"),
    /** {@code auto} leaves it to llama.cpp; what it resolved is recorded. */
    FLASH_ATTENTION("flashAttention", "auto"),
    /** Tokens handed over in one decode, 1 to 1,000,000. */
    BATCH("batch", "2048"),
    /** Tokens computed at once, at most {@code batch}: the size of the compute buffers. */
    UBATCH("ubatch", "512"),
    /** Threads, up to 4096; 0 is one for each physical core that may be used. */
    THREADS("threads", "0");

    private static final List<String> KV_TYPES = List.of("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0");
    private static final List<String> FLASH_ATTENTIONS = List.of("auto", "on", "off");
    private static final Pattern ENVIRONMENT_NAME = Pattern.compile("[A-Za-z0-9._-]{1,100}");

    private final String key;
    private final String byDefault;

    Parameter(String key, String byDefault) {
        this.key = key;
        this.byDefault = byDefault;
    }

    /** The key in a plan, and the name of the JMH parameter. */
    public String key() {
        return key;
    }

    /** The value where a plan says nothing. */
    public String byDefault() {
        return byDefault;
    }

    /** The values that an entry gives, each in its one spelling. */
    List<String> values(Entry entry) {
        List<String> values =
                entry.elements().stream().map(text -> canonical(entry, text)).toList();
        if (values.stream().distinct().count() < values.size()) {
            throw entry.bad(entry.key() + " " + Entry.quote(entry.value()) + " has a value twice");
        }
        return values;
    }

    private String canonical(Entry entry, String text) {
        return switch (this) {
            case MODEL -> model(entry, text);
            case CONTEXT_LENGTH -> Integer.toString(entry.integer(text, 1, 10_000_000));
            case ENVIRONMENT -> environment(entry, text);
            case GPU_LAYERS -> Integer.toString(entry.integer(text, -1, 10_000));
            case KV_TYPE -> entry.oneOf(text, KV_TYPES);
            case FLASH_ATTENTION -> entry.oneOf(text, FLASH_ATTENTIONS);
            case BATCH, UBATCH -> Integer.toString(entry.integer(text, 1, 1_000_000));
            case THREADS -> Integer.toString(entry.integer(text, 0, 4096));
        };
    }

    private static String model(Entry entry, String text) {
        try {
            return new ModelName(text).text();
        } catch (BadInput e) {
            throw new BadInput(entry.where() + ": " + e.getMessage(), e);
        }
    }

    private static String environment(Entry entry, String text) {
        if (ENVIRONMENT_NAME.matcher(text).matches()) {
            return text;
        }
        throw entry.bad("environment " + Entry.quote(text) + " may only have letters, digits, '.', '_' and '-' in it");
    }
}
