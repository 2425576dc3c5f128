package dev.headroom.compare;

import dev.headroom.result.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The conditions of a measurement. Two cells are comparable only if these, their parameters and their meters are equal.
 *
 * @param os the operating system; builds of one release differ between systems
 * @param model absent for a benchmark without a model
 * @param flashAttention whether llama.cpp used it, by its log
 * @param devices devices that hold a part of the model; empty: the CPU
 */
record Conditions(
        String mode,
        String unit,
        int warmup,
        int iterations,
        @Nullable String time,
        String os,
        Run.Llama llama,
        Run.@Nullable Model model,
        @Nullable Boolean flashAttention,
        @Nullable Integer offloadedLayers,
        List<String> devices) {

    /** One phrase for each condition that differs, except what the compared dimension changes. */
    List<String> differences(Conditions other, Dimension by) {
        List<String> differences = new ArrayList<>();
        add(differences, "mode", other, Conditions::mode);
        add(differences, "unit", other, Conditions::unit);
        add(differences, "warmup", other, Conditions::warmup);
        add(differences, "iterations", other, Conditions::iterations);
        add(differences, "time", other, Conditions::time);
        if (by != Dimension.LLAMA) {
            add(differences, "backend", other, Conditions::backend);
            add(differences, "llama.cpp", other, conditions -> conditions.llama.version());
            add(differences, "llama.cpp commit", other, conditions -> conditions.llama.commit());
            if (os.equals(other.os) && differences.isEmpty()) {
                add(
                        differences,
                        "SHA-256 of llama.cpp's files",
                        other,
                        conditions -> start(conditions.llama.fingerprint()));
            }
        }
        if (by != Dimension.MODEL) {
            add(
                    differences,
                    "model bytes",
                    other,
                    conditions -> conditions.model == null ? null : conditions.model.fileBytes());
            add(
                    differences,
                    "model fingerprint",
                    other,
                    conditions -> conditions.model == null ? null : start(conditions.model.fingerprint()));
            add(differences, "offloaded layers", other, Conditions::offloadedLayers);
            add(differences, "number of devices", other, conditions -> conditions.devices.size());
        }
        add(differences, "flash attention", other, Conditions::flashAttention);
        return differences;
    }

    /** The backends of the devices: {@code CUDA} for {@code CUDA0} and {@code CUDA1}. */
    private String backend() {
        return devices.isEmpty()
                ? "CPU"
                : devices.stream()
                        .map(device -> device.replaceFirst("[0-9]+$", ""))
                        .distinct()
                        .collect(Collectors.joining("+"));
    }

    private void add(
            List<String> differences, String what, Conditions other, Function<Conditions, @Nullable Object> of) {
        Object one = of.apply(this);
        Object two = of.apply(other);
        if (!Objects.equals(one, two)) {
            differences.add(what + " (" + text(one) + " and " + text(two) + ")");
        }
    }

    private static String text(@Nullable Object value) {
        return value == null ? "unknown" : value.toString();
    }

    private static @Nullable String start(@Nullable String fingerprint) {
        return fingerprint == null || fingerprint.length() < 12 ? fingerprint : fingerprint.substring(0, 12);
    }
}
