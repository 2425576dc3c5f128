package dev.headroom.llama;

import static dev.headroom.Units.MIB;

import dev.headroom.llama.LlamaFacts.Buffer;
import dev.headroom.llama.LlamaFacts.FailedAllocation;
import dev.headroom.llama.LlamaFacts.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parses llama.cpp's log line by line. When a model is loaded, all facts are cleared. When a context is created, the
 * facts about contexts are cleared.
 */
final class LogParser {
    private static final Pattern BUFFER = Pattern.compile(
            ": +(?<device>\\S+) +(?<kind>model|KV|RS|output|compute) buffer size *= *(?<mib>[0-9.]+) MiB");
    private static final Pattern DEVICE = Pattern.compile(": using device (?<device>\\S+) \\(");
    private static final Pattern OFFLOADED = Pattern.compile(": offloaded (?<offloaded>\\d+)/(?<total>\\d+) layers");
    private static final Pattern FLASH_ATTENTION =
            Pattern.compile(": (?:flash_attn +=|Flash Attention .*\\b)(?:set to)? *(?<value>enabled|disabled|0|1)$");

    private static final Pattern NOT_FATAL = Pattern.compile("pinned memory|skipping reorder|host buffer for async");
    private static final Pattern FAILED_ON_DEVICE =
            Pattern.compile("(?:failed|unable) to allocate (?<device>\\S+) buffer(?: of size (?<bytes>\\d+))?");
    private static final Pattern FAILED_ON_CUDA =
            Pattern.compile("allocating (?<mib>[0-9.]+) MiB on device (?<number>\\d+): .*failed");
    private static final Pattern FAILED_MIB =
            Pattern.compile("failed to allocate (?:output )?buffer(?: of size|, size =) +(?<mib>[0-9.]+) MiB");
    private static final Pattern FAILED_BYTES = Pattern.compile("failed to allocate buffer of size (?<bytes>\\d+)$");
    private static final Pattern FAILED =
            Pattern.compile("failed to allocate (?:buffer for|compute|graph|Metal buffer|[0-9 ])|insufficient memory"
                    + "|[Oo]ut of memory|ErrorOutOf(?:Device|Host)Memory");

    private final List<Buffer> buffers = new ArrayList<>();
    private final List<String> devices = new ArrayList<>();
    private @Nullable Boolean flashAttention;
    private @Nullable Integer offloaded;
    private @Nullable Integer total;
    private @Nullable FailedAllocation failed;

    void read(String line) {
        if (line.startsWith(LlamaLog.LOADING)) {
            buffers.clear();
            devices.clear();
            flashAttention = null;
            offloaded = null;
            total = null;
            failed = null;
        } else if (line.startsWith(LlamaLog.CREATING)) {
            buffers.removeIf(b -> b.kind() != Kind.MODEL);
            flashAttention = null;
            failed = null;
        } else {
            fact(line);
            FailedAllocation failure = failure(line);
            // One failure logs several lines: keep the one with the most details.
            if (failure != null && (failed == null || details(failure) >= details(failed))) {
                failed = failure;
            }
        }
    }

    private void fact(String line) {
        Matcher buffer = BUFFER.matcher(line);
        Matcher device = DEVICE.matcher(line);
        Matcher layers = OFFLOADED.matcher(line);
        Matcher attention = FLASH_ATTENTION.matcher(line);
        if (buffer.find()) {
            add(new Buffer(
                    kind(buffer.group("kind")), buffer.group("device"), Double.parseDouble(buffer.group("mib"))));
        } else if (device.find()) {
            devices.add(device.group("device"));
        } else if (layers.find()) {
            offloaded = Integer.valueOf(layers.group("offloaded"));
            total = Integer.valueOf(layers.group("total"));
        } else if (attention.find()) {
            flashAttention = attention.group("value").matches("enabled|1");
        }
    }

    private static Kind kind(String name) {
        return switch (name) {
            case "model" -> Kind.MODEL;
            case "KV" -> Kind.KV;
            case "RS" -> Kind.RECURRENT;
            case "output" -> Kind.OUTPUT;
            default -> Kind.COMPUTE;
        };
    }

    /** A new compute or output buffer replaces the smaller one on its device. Other buffers add up. */
    private void add(Buffer buffer) {
        if (buffer.kind() == Kind.COMPUTE || buffer.kind() == Kind.OUTPUT) {
            buffers.removeIf(b -> b.kind() == buffer.kind() && b.device().equals(buffer.device()));
        }
        buffers.add(buffer);
    }

    private static @Nullable FailedAllocation failure(String line) {
        if (NOT_FATAL.matcher(line).find()) {
            return null;
        }
        Matcher onDevice = FAILED_ON_DEVICE.matcher(line);
        if (onDevice.find()) {
            String bytes = onDevice.group("bytes");
            return new FailedAllocation(onDevice.group("device"), bytes == null ? null : mib(bytes));
        }
        Matcher onCuda = FAILED_ON_CUDA.matcher(line);
        if (onCuda.find()) {
            return new FailedAllocation("CUDA" + onCuda.group("number"), Double.valueOf(onCuda.group("mib")));
        }
        Matcher mib = FAILED_MIB.matcher(line);
        if (mib.find()) {
            return new FailedAllocation(null, Double.valueOf(mib.group("mib")));
        }
        Matcher bytes = FAILED_BYTES.matcher(line);
        if (bytes.find()) {
            return new FailedAllocation(null, mib(bytes.group("bytes")));
        }
        return FAILED.matcher(line).find() ? new FailedAllocation(null, null) : null;
    }

    private static double mib(String bytes) {
        return Double.parseDouble(bytes) / MIB;
    }

    private static int details(FailedAllocation failure) {
        return (failure.device() != null ? 1 : 0) + (failure.mebibytes() != null ? 2 : 0);
    }

    LlamaFacts facts() {
        return new LlamaFacts(buffers, devices, flashAttention, offloaded, total, failed);
    }
}
