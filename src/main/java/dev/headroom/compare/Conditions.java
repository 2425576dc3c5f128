package dev.headroom.compare;

import dev.headroom.result.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What has to be the same for two figures to be comparable, besides the cell's parameters and the meter.
 *
 * @param os the operating system: builds for two systems cannot be the same
 * @param model absent for a benchmark without one
 * @param flashAttention whether it was used, as llama.cpp said
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
        @Nullable Integer offloadedLayers) {

    /** In what it differs, a phrase each; what is compared may differ. */
    List<String> differences(Conditions other, Dimension by) {
        List<String> differences = new ArrayList<>();
        add(differences, "mode", other, Conditions::mode);
        add(differences, "unit", other, Conditions::unit);
        add(differences, "warmup", other, Conditions::warmup);
        add(differences, "iterations", other, Conditions::iterations);
        add(differences, "time", other, Conditions::time);
        if (by != Dimension.LLAMA) {
            add(differences, "llama.cpp", other, conditions -> conditions.llama.version());
            add(differences, "llama.cpp's commit", other, conditions -> conditions.llama.commit());
            if (os.equals(other.os) && differences.isEmpty()) {
                add(
                        differences,
                        "llama.cpp's files, SHA-256",
                        other,
                        conditions -> start(conditions.llama.fingerprint()));
            }
        }
        if (by != Dimension.MODEL) {
            add(
                    differences,
                    "model's bytes",
                    other,
                    conditions -> conditions.model == null ? null : conditions.model.fileBytes());
            add(
                    differences,
                    "model's fingerprint",
                    other,
                    conditions -> conditions.model == null ? null : start(conditions.model.fingerprint()));
            add(differences, "layers on devices", other, Conditions::offloadedLayers);
        }
        add(differences, "flash attention used", other, Conditions::flashAttention);
        return differences;
    }

    private void add(
            List<String> differences, String what, Conditions other, Function<Conditions, @Nullable Object> of) {
        Object here = of.apply(this);
        Object there = of.apply(other);
        if (!Objects.equals(here, there)) {
            differences.add(what + " " + said(here) + " and " + said(there));
        }
    }

    private static String said(@Nullable Object value) {
        return value == null ? "not told" : value.toString();
    }

    private static @Nullable String start(@Nullable String fingerprint) {
        return fingerprint == null || fingerprint.length() < 12 ? fingerprint : fingerprint.substring(0, 12);
    }
}
