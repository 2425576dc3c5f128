package dev.headroom.llama;

import dev.headroom.llama.LlamaFacts.Buffer;
import dev.headroom.llama.LlamaFacts.FailedAllocation;
import dev.headroom.llama.LlamaFacts.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads llama.cpp's log line by line. Loading a model begins anew; making a context begins anew for what belongs to a
 * context.
 */
final class LogParser {
    private static final double MIB = 1024.0 * 1024.0;

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
    private Optional<Boolean> flashAttention = Optional.empty();
    private OptionalInt offloaded = OptionalInt.empty();
    private OptionalInt total = OptionalInt.empty();
    private Optional<FailedAllocation> failed = Optional.empty();

    void read(String line) {
        if (line.startsWith(LlamaLog.LOADING)) {
            buffers.clear();
            devices.clear();
            flashAttention = Optional.empty();
            offloaded = OptionalInt.empty();
            total = OptionalInt.empty();
            failed = Optional.empty();
        } else if (line.startsWith(LlamaLog.CREATING)) {
            buffers.removeIf(b -> b.kind() != Kind.MODEL);
            flashAttention = Optional.empty();
            failed = Optional.empty();
        } else {
            fact(line);
            failure(line).ifPresent(this::failed);
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
            offloaded = OptionalInt.of(Integer.parseInt(layers.group("offloaded")));
            total = OptionalInt.of(Integer.parseInt(layers.group("total")));
        } else if (attention.find()) {
            flashAttention = Optional.of(attention.group("value").matches("enabled|1"));
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

    /** Compute and output buffers are allocated anew in place of smaller ones; the others are all there at once. */
    private void add(Buffer buffer) {
        if (buffer.kind() == Kind.COMPUTE || buffer.kind() == Kind.OUTPUT) {
            buffers.removeIf(b -> b.kind() == buffer.kind() && b.device().equals(buffer.device()));
        }
        buffers.add(buffer);
    }

    private static Optional<FailedAllocation> failure(String line) {
        if (NOT_FATAL.matcher(line).find()) {
            return Optional.empty();
        }
        Matcher onDevice = FAILED_ON_DEVICE.matcher(line);
        if (onDevice.find()) {
            String bytes = onDevice.group("bytes");
            return failedAllocation(onDevice.group("device"), bytes == null ? OptionalDouble.empty() : mib(bytes));
        }
        Matcher onCuda = FAILED_ON_CUDA.matcher(line);
        if (onCuda.find()) {
            return failedAllocation(
                    "CUDA" + onCuda.group("number"), OptionalDouble.of(Double.parseDouble(onCuda.group("mib"))));
        }
        Matcher mib = FAILED_MIB.matcher(line);
        if (mib.find()) {
            return Optional.of(
                    new FailedAllocation(Optional.empty(), OptionalDouble.of(Double.parseDouble(mib.group("mib")))));
        }
        Matcher bytes = FAILED_BYTES.matcher(line);
        if (bytes.find()) {
            return Optional.of(new FailedAllocation(Optional.empty(), mib(bytes.group("bytes"))));
        }
        return FAILED.matcher(line).find()
                ? Optional.of(new FailedAllocation(Optional.empty(), OptionalDouble.empty()))
                : Optional.empty();
    }

    private static Optional<FailedAllocation> failedAllocation(String device, OptionalDouble mebibytes) {
        return Optional.of(new FailedAllocation(Optional.of(device), mebibytes));
    }

    private static OptionalDouble mib(String bytes) {
        return OptionalDouble.of(Double.parseDouble(bytes) / MIB);
    }

    /** One failure makes several lines: the one that tells most stays. */
    private void failed(FailedAllocation next) {
        if (failed.isEmpty() || told(next) >= told(failed.get())) {
            failed = Optional.of(next);
        }
    }

    private static int told(FailedAllocation failure) {
        return (failure.device().isPresent() ? 1 : 0) + (failure.mebibytes().isPresent() ? 2 : 0);
    }

    LlamaFacts facts() {
        return new LlamaFacts(buffers, devices, flashAttention, offloaded, total, failed);
    }
}
