package dev.headroom.result;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A warning for readers of the results, with cause and remedy. */
public sealed interface Warning {
    /** One or two sentences. */
    String text();

    /** A context longer than the model was trained for. */
    record BeyondTraining(String model, long trained, long longest) implements Warning {
        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "%s was trained for %d tokens of context, but is measured at %d. Speed and memory are"
                            + " valid, its text would not be.",
                    model,
                    trained,
                    longest);
        }
    }

    /** Weights that are larger than the memory of the machine and its GPUs. */
    record LargerThanMemory(String model, double weightsMib, double memoryMib) implements Warning {
        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "%s has %.0f MiB of weights, and there are %.0f MiB of memory: it is read from the disk again and"
                            + " again, and may crawl. Use a smaller model or quantization.",
                    model,
                    weightsMib,
                    memoryMib);
        }
    }

    /** Memory of a device that other programs took while the meters were proven. */
    record Disturbed(double mib) implements Warning {
        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "Another program took %.0f MiB of the card while the meters were proven, so their verdicts are not"
                            + " reliable: close it, and run again.",
                    mib);
        }

        public static List<Warning> of(MeterReport report) {
            return report.disturbedMib() == null ? List.of() : List.of(new Disturbed(report.disturbedMib()));
        }
    }

    /**
     * Cells of a model that need more memory on a card than it has.
     *
     * @param device ggml's name of the card
     * @param usedMib memory that is in use before the run; 0 if unknown
     * @param needs predicted memory on the card in MiB, by context length; 0 tokens for the model alone
     * @param cells number of cells
     * @param remedies what makes all of them fit, such as {@code with kvType q8_0}; may be empty
     */
    record BeyondCard(
            String model,
            String device,
            double totalMib,
            double usedMib,
            Map<Integer, Double> needs,
            int cells,
            List<String> remedies)
            implements Warning {
        private static final double MIB_PER_GIB = 1024;

        public BeyondCard {
            needs = new TreeMap<>(needs);
            remedies = List.copyOf(remedies);
        }

        @Override
        public String text() {
            String needed = needs.entrySet().stream()
                    .map(need -> (need.getKey() == 0 ? "its weights" : need.getKey() + " tokens") + " need "
                            + gibibytes(need.getValue()))
                    .collect(Collectors.joining(", "));
            return model + " does not fit on " + device + ", which has " + gibibytes(totalMib)
                    + (usedMib > 0 ? ", with " + gibibytes(usedMib) + " in use" : "") + ": " + needed + ". "
                    + (cells == 1 ? "This cell" : "These " + cells + " cells")
                    + " will run out of memory, or spill into system RAM. "
                    + (remedies.isEmpty()
                            ? "Use a smaller model or a shorter context."
                            : "It fits " + String.join(", or ", remedies) + ".");
        }

        private static String gibibytes(double mib) {
            return String.format(Locale.ROOT, "%.2f GiB", mib / MIB_PER_GIB);
        }
    }

    /** Device memory that an environment takes when it starts. */
    record Entering(String environment, double mib) implements Warning {
        /** More than the usual changes of a desktop within seconds. */
        private static final double LEAST_MIB = 16;

        public static Optional<Warning> of(String environment, double mib) {
            return mib < LEAST_MIB ? Optional.empty() : Optional.of(new Entering(environment, mib));
        }

        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "Environment %2$s took %1$.0f MiB of device memory when it started. They count in every environment"
                            + " of this run alike, so they cancel out in differences.",
                    mib,
                    environment);
        }
    }

    /** Metrics whose meter stopped answering during a fork. */
    record Lost(String cell, int fork, List<Metric> metrics) implements Warning {
        @Override
        public String text() {
            return "A meter stopped answering in fork " + fork + " of " + cell + ". Its timing is valid."
                    + " Not measured from there on: "
                    + metrics.stream().map(Metric::label).collect(Collectors.joining(", "))
                    + ". Check whether the driver was restarted, and run this cell again.";
        }
    }

    /**
     * Files of the run that could not be replaced.
     *
     * @param files by name, with the reason
     */
    record NotReplaced(Map<String, String> files) implements Warning {
        @Override
        public String text() {
            return what() + " The next cell tries again.";
        }

        /** The text after the last cell. */
        public String atTheEnd(Path folder) {
            return what() + " Then write them with run --resume " + folder + ".";
        }

        private String what() {
            return String.join(", ", files.keySet()) + " cannot be replaced ("
                    + String.join(", ", new LinkedHashSet<>(files.values()))
                    + "). They keep older results; journal.jsonl has the new ones. Close the program that has"
                    + " them open.";
        }
    }

    /** A fork that was measured again after an interruption. */
    record Repeated(String cell, int fork, List<String> repeats) implements Warning {
        @Override
        public String text() {
            return "Fork " + fork + " of " + cell + " was measured again, because " + String.join(", then ", repeats)
                    + ". Keep the machine awake during a run.";
        }

        public static Optional<Warning> of(ForkResult fork) {
            return fork.repeats().isEmpty()
                    ? Optional.empty()
                    : Optional.of(new Repeated(fork.cell(), fork.fork(), fork.repeats()));
        }
    }

    /** A meter that is wrong about memory of known size. */
    record Misleading(String meter, String metric, String target, double mib) implements Warning {
        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "Do not trust %s: its meter %s was off by up to %.0f MiB for memory of known size on %s"
                            + " (see proof in run.json).",
                    metric,
                    meter,
                    mib,
                    target);
        }

        /**
         * The targets where a meter misleads about the memory that it measures: the host for RAM of the process, other
         * devices than the CPU for VRAM. If it has an instance for each card, one that is right is enough.
         */
        public static List<Warning> of(Run.MeterFact meter, MeterReport report) {
            String label = meter.metrics().get(0);
            Optional<Metric> metric = Metric.labelled(label);
            Map<String, List<MeterReport.Verdict>> byTarget = report.verdicts().stream()
                    .filter(verdict -> verdict.meter().equals(meter.name()))
                    .filter(verdict -> verdict.target().equals(MeterReport.HOST)
                            ? metric.filter(Metric.RAM_OF_PROCESS::contains).isPresent()
                            : metric.equals(Optional.of(Metric.VRAM_PEAK))
                                    && !verdict.target().startsWith("CPU"))
                    .collect(Collectors.groupingBy(
                            MeterReport.Verdict::target, LinkedHashMap::new, Collectors.toList()));
            List<Warning> misleading = new ArrayList<>();
            byTarget.forEach((target, verdicts) -> {
                if (verdicts.stream()
                        .noneMatch(verdict -> List.of("exact", "follows").contains(verdict.verdict()))) {
                    verdicts.stream()
                            .filter(verdict -> verdict.verdict().equals("misleading"))
                            .findFirst()
                            .ifPresent(verdict ->
                                    misleading.add(new Misleading(meter.name(), label, target, verdict.withinMib())));
                }
            });
            return misleading;
        }
    }

    /** The meters could not be tried on memory of known size. */
    record NotProved(String reason) implements Warning {
        @Override
        public String text() {
            return "The meters were not tried on memory of known size: " + reason;
        }
    }

    /** Buffers without a prediction. */
    record NotPredicted(String model, String reason) implements Warning {
        @Override
        public String text() {
            return "Not all buffers of " + model + " are predicted: " + reason;
        }
    }

    /**
     * Buffers with a wrong prediction.
     *
     * @param worst the part with the largest error
     * @param cell the cell of that part
     * @param cells number of cells with a wrong part
     */
    record WronglyPredicted(String model, Prediction.Part worst, String cell, int cells) implements Warning {
        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "%s: llama.cpp reports %.2f MiB of %s buffers%s where %.2f MiB were predicted (%s, the"
                            + " worst of %d). Use the measured size; other predictions for this model may be"
                            + " wrong too.",
                    model,
                    worst.measuredMib(),
                    worst.kind(),
                    worst.device() == null ? "" : " in " + worst.device(),
                    worst.predictedMib(),
                    cell,
                    cells);
        }

        /** One warning for each model, kind and device with a wrong prediction. */
        public static List<Warning> of(List<CellResult> cells) {
            Map<List<String>, List<WronglyPredicted>> wrong = new LinkedHashMap<>();
            for (CellResult cell : cells) {
                String model = cell.params().getOrDefault("model", "");
                Prediction prediction = cell.memory().prediction();
                List<Prediction.Part> parts = prediction == null ? List.of() : prediction.parts();
                parts.stream().filter(Prediction.Part::wrong).forEach(part -> wrong.computeIfAbsent(
                                List.of(model, part.kind(), String.valueOf(part.device())), key -> new ArrayList<>())
                        .add(new WronglyPredicted(model, part, cell.id(), 1)));
            }
            return wrong.values().stream()
                    .map(all -> {
                        WronglyPredicted worst = all.stream()
                                .max(Comparator.comparingDouble(WronglyPredicted::error))
                                .orElseThrow();
                        return (Warning) new WronglyPredicted(worst.model, worst.worst, worst.cell, all.size());
                    })
                    .toList();
        }

        private double error() {
            return worst.errorMib() == null ? 0 : Math.abs(worst.errorMib());
        }
    }

    /**
     * Cells with one verdict on spilled memory.
     *
     * @param cell the first of them
     * @param evidence of that cell
     * @param cells number of cells with this verdict
     */
    record Spilled(Spill.Verdict verdict, String cell, List<String> evidence, int cells) implements Warning {
        @Override
        public String text() {
            String what =
                    switch (verdict) {
                        case SPILLED -> "The model left its memory";
                        case SUSPECTED -> "The model may have left its memory";
                        default -> "It is unknown whether the model stayed in its memory";
                    };
            return what + " in " + (cells == 1 ? "1 cell" : cells + " cells") + " (" + cell + ": "
                    + String.join(", ", evidence)
                    + "). Use a shorter context, or a smaller quantization or KV type.";
        }

        /** One warning for each verdict except {@link Spill.Verdict#NONE}. */
        public static List<Warning> of(List<CellResult> cells) {
            Map<Spill.Verdict, Spilled> warnings = new EnumMap<>(Spill.Verdict.class);
            for (CellResult cell : cells) {
                Spill spill = cell.memory().spill();
                if (spill != null && spill.verdict() != Spill.Verdict.NONE) {
                    warnings.merge(
                            spill.verdict(),
                            new Spilled(spill.verdict(), cell.id(), spill.evidence(), 1),
                            (first, next) -> new Spilled(first.verdict, first.cell, first.evidence, first.cells + 1));
                }
            }
            return List.copyOf(warnings.values());
        }
    }

    /** Something that cannot be measured on this machine. */
    record NotMeasured(String what, String reason) implements Warning {
        @Override
        public String text() {
            return what + " is not measured here: " + reason;
        }
    }

    /**
     * A disturbance that may have changed the figures.
     *
     * @param when for example {@code before the run}
     */
    record Noisy(Noise noise, String when) implements Warning {
        @Override
        public String text() {
            double amount = noise.amount() == null ? 0 : noise.amount();
            String detail = noise.detail() == null ? "" : " " + noise.detail();
            return switch (noise.kind()) {
                case LOAD ->
                    said(
                            "Other processes used %.1f%s, %s. End them, or measure when the machine is idle.",
                            amount, detail);
                case STEAL ->
                    said(
                            "The hypervisor gave %.1f%s to others, %s. Measure when its host is idle, or pin"
                                    + " cores to this machine.",
                            amount, detail);
                case GOVERNOR ->
                    "The CPU saves power (" + detail.strip() + "), " + when
                            + ". Set the governor or preference to performance, for example with cpupower"
                            + " frequency-set -g performance.";
                case CLOCK_CAP ->
                    said(
                            "The CPU is limited to %.0f%s, %s. Raise scaling_max_freq or the power profile, or"
                                    + " set minimum and maximum to one clock.",
                            amount, detail);
                case CPU_HEAT ->
                    said(
                            "Heat slowed the CPU down %.0f times%s, %s. Cool it, or set a clock that it can hold.",
                            amount, detail);
                case MEMORY_PRESSURE ->
                    said(
                            "Processes waited for memory %.0f %% of the time%s, %s. End other processes, raise the"
                                    + " container's limit, or use a smaller model or context.",
                            amount, detail);
                case MEMORY_LOW ->
                    said("Only %.0f %% of the memory was free%s, %s. End other processes.", amount, detail);
                case SWAP ->
                    said(
                            "The machine swapped %.0f pages a second%s, %s. End other processes, or use a"
                                    + " smaller model or context.",
                            amount, detail);
                case BATTERY -> "The machine ran on battery, " + when + ". This slows it down: plug it in.";
                case GPU_OTHERS ->
                    said(
                            "Other processes had the GPU open for computing (%.0f%s), %s. End them (nvidia-smi"
                                    + " names them).",
                            amount, detail);
                case GPU_HEAT ->
                    said(
                            "Heat or hardware protection slowed the GPU down in %.0f %% of the readings%s, %s."
                                    + " Cool it, or set a lower power limit.",
                            amount, detail);
                case VRAM_BASELINE ->
                    "VRAM in use by other programs changed:" + detail + ". Close them, and run again the cells whose"
                            + " peaks you compare.";
            };
        }

        private String said(String format, double amount, String detail) {
            return String.format(Locale.ROOT, format, amount, detail, when);
        }

        /** The worst noise of each kind, with the number of forks that had it. */
        public static List<Warning> of(List<ForkResult> forks) {
            Map<Noise.Kind, Noisy> worst = new EnumMap<>(Noise.Kind.class);
            Map<Noise.Kind, Integer> count = new EnumMap<>(Noise.Kind.class);
            for (ForkResult fork : forks) {
                for (Noise noise : fork.noise()) {
                    count.merge(noise.kind(), 1, Integer::sum);
                    Noisy one = new Noisy(noise, "during fork " + fork.fork() + " of " + fork.cell());
                    worst.merge(noise.kind(), one, (a, b) -> b.noise.worseThan(a.noise) ? b : a);
                }
            }
            return worst.values().stream()
                    .map(noisy -> {
                        int of = count.getOrDefault(noisy.noise.kind(), 0);
                        String more = of > 1 ? " (the worst of " + of + ")" : "";
                        return (Warning) new Noisy(noisy.noise, noisy.when + more);
                    })
                    .toList();
        }
    }
}
