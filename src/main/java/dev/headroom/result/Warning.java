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
import java.util.stream.Collectors;

/** What a reader of the results should know, with cause and remedy. */
public sealed interface Warning {
    /** One or two sentences. */
    String text();

    /** A context longer than the model was trained for. */
    record BeyondTraining(String model, long trained, long longest) implements Warning {
        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "%s was trained for %d tokens of context and is measured at %d: speed and memory are right, text "
                            + "would not be.",
                    model,
                    trained,
                    longest);
        }
    }

    /** What an environment holds of the card as soon as it is entered. */
    record Entering(String environment, double mib) implements Warning {
        /** What a desktop changes in some seconds is less. */
        private static final double LEAST_MIB = 16;

        public static Optional<Warning> of(String environment, double mib) {
            return mib < LEAST_MIB ? Optional.empty() : Optional.of(new Entering(environment, mib));
        }

        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "%.0f MiB more of the card were in use once environment %s had been entered: they are in the memory"
                            + " of all environments of this run, and in no difference between them.",
                    mib,
                    environment);
        }
    }

    /** Meters that stopped answering in the middle of a fork. */
    record Lost(String cell, int fork, List<String> metrics) implements Warning {
        @Override
        public String text() {
            return "In fork " + fork + " of " + cell + " a meter stopped answering, and " + String.join(", ", metrics)
                    + " was no longer measured: see whether the driver was restarted, and run this cell again; its"
                    + " timing stands.";
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
            return what() + "; the next cell writes them anew.";
        }

        /** The sentence when no other cell comes. */
        public String atTheEnd(Path folder) {
            return what() + ", then write them with run --resume " + folder + ".";
        }

        private String what() {
            return String.join(", ", files.keySet()) + " cannot be replaced ("
                    + String.join(", ", new LinkedHashSet<>(files.values()))
                    + "), so older results stand there and the new ones in " + "journal.jsonl"
                    + " alone: close the program that has them open";
        }
    }

    /** A fork that was measured again, as it could not run all the time. */
    record Repeated(String cell, int fork, List<String> repeats) implements Warning {
        @Override
        public String text() {
            return "Fork " + fork + " of " + cell + " was measured again, as meanwhile "
                    + String.join(", then ", repeats) + ": keep the machine awake while it measures.";
        }

        public static Optional<Warning> of(ForkResult fork) {
            return fork.repeats().isEmpty()
                    ? Optional.empty()
                    : Optional.of(new Repeated(fork.cell(), fork.fork(), fork.repeats()));
        }
    }

    /** A meter that does not show what is there. */
    record Misleading(String meter, String metric, String place, double mib) implements Warning {
        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "%s is not to be trusted here: its meter %s was off by up to %.0f MiB for memory of known size on %s"
                            + " (see proof in run.json).",
                    metric,
                    meter,
                    mib,
                    place);
        }

        /**
         * The places in which a meter misleads about what it is there for: of the process's memory the host, of a
         * card's the devices that are no CPU. Where it has an instance for each card, one that is right is enough.
         */
        public static List<Warning> of(Run.MeterFact meter, MeterReport report) {
            String metric = meter.metrics().get(0);
            Map<String, List<MeterReport.Verdict>> byPlace = report.verdicts().stream()
                    .filter(verdict -> verdict.meter().equals(meter.name()))
                    .filter(verdict -> verdict.place().equals(MeterReport.HOST)
                            ? metric.startsWith("·ram.") && meter.scope().equals("process")
                            : metric.equals("·vram.peak") && !verdict.place().startsWith("CPU"))
                    .collect(
                            Collectors.groupingBy(MeterReport.Verdict::place, LinkedHashMap::new, Collectors.toList()));
            List<Warning> misleading = new ArrayList<>();
            byPlace.forEach((place, verdicts) -> {
                if (verdicts.stream()
                        .noneMatch(verdict -> List.of("exact", "follows").contains(verdict.verdict()))) {
                    verdicts.stream()
                            .filter(verdict -> verdict.verdict().equals("misleading"))
                            .findFirst()
                            .ifPresent(verdict ->
                                    misleading.add(new Misleading(meter.name(), metric, place, verdict.withinMib())));
                }
            });
            return misleading;
        }
    }

    /** The meters could not be held against known memory. */
    record NotProved(String reason) implements Warning {
        @Override
        public String text() {
            return "The meters were not held against memory of known size: " + reason;
        }
    }

    /** Buffers for which there is no prediction. */
    record NotPredicted(String model, String reason) implements Warning {
        @Override
        public String text() {
            return "Not all buffers of " + model + " are predicted: " + reason;
        }
    }

    /**
     * Buffers that were predicted wrong.
     *
     * @param worst the part that is farthest off
     * @param cell where that was
     * @param cells in how many cells it was wrong
     */
    record WronglyPredicted(String model, Prediction.Part worst, String cell, int cells) implements Warning {
        @Override
        public String text() {
            return String.format(
                    Locale.ROOT,
                    "%s: llama.cpp reports %.2f MiB of %s buffers%s where %.2f MiB were predicted (%s, the worst of %d): "
                            + "go by what was measured, other predictions for this model may be as far off.",
                    model,
                    worst.measuredMib(),
                    worst.kind(),
                    worst.place() == null ? "" : " in " + worst.place(),
                    worst.predictedMib(),
                    cell,
                    cells);
        }

        /** One for each model, kind and place that has any. */
        public static List<Warning> of(List<CellResult> cells) {
            Map<List<String>, List<WronglyPredicted>> wrong = new LinkedHashMap<>();
            for (CellResult cell : cells) {
                String model = cell.params().getOrDefault("model", "");
                List<Prediction.Part> parts = cell.prediction() == null
                        ? List.of()
                        : cell.prediction().parts();
                parts.stream().filter(Prediction.Part::wrong).forEach(part -> wrong.computeIfAbsent(
                                List.of(model, part.kind(), String.valueOf(part.place())), key -> new ArrayList<>())
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

    /** A signal that this machine does not give. */
    record NotMeasured(String what, String reason) implements Warning {
        @Override
        public String text() {
            return what + " is not measured here: " + reason;
        }
    }

    /**
     * Something besides what is measured that may have changed the figures.
     *
     * @param when such as {@code before the run}
     */
    record Noisy(Noise noise, String when) implements Warning {
        @Override
        public String text() {
            double amount = noise.amount() == null ? 0 : noise.amount();
            String detail = noise.detail() == null ? "" : " " + noise.detail();
            return switch (noise.kind()) {
                case LOAD ->
                    said(
                            "Other processes used %.1f%s, %s: end them, or measure when the machine is idle.",
                            amount, detail);
                case STEAL ->
                    said(
                            "The hypervisor gave %.1f%s to others, %s: measure when its host is quiet, or give this"
                                    + " machine cores of its own.",
                            amount, detail);
                case GOVERNOR ->
                    "The CPU saves power (" + detail.strip() + "), " + when
                            + ": choose the governor or preference performance, for example with cpupower"
                            + " frequency-set -g performance.";
                case CLOCK_CAP ->
                    said(
                            "The CPU may not go above %.0f%s, %s: lift scaling_max_freq or the power profile, or pin"
                                    + " minimum and maximum to one clock.",
                            amount, detail);
                case CPU_HEAT ->
                    said(
                            "The CPU was slowed down by heat %.0f times%s, %s: cool it, or pin a clock that it can hold.",
                            amount, detail);
                case MEMORY_PRESSURE ->
                    said(
                            "Processes waited for memory %.0f %% of the time%s, %s: end others, raise the container's"
                                    + " limit, or take a smaller model or context.",
                            amount, detail);
                case MEMORY_LOW ->
                    said("Only %.0f %% of the memory were free%s, %s: end other processes.", amount, detail);
                case SWAP ->
                    said(
                            "The machine swapped %.0f pages a second%s, %s: end other processes, or take a smaller model"
                                    + " or context.",
                            amount, detail);
                case BATTERY -> "The machine ran on battery, " + when + ", which slows it down: plug it in.";
                case GPU_OTHERS ->
                    said(
                            "Other processes, %.0f of them%s, had the GPU open for computing, %s: end them (nvidia-smi"
                                    + " names them).",
                            amount, detail);
                case GPU_HEAT ->
                    said(
                            "The GPU was slowed down by heat or hardware protection in %.0f %% of the readings%s, %s:"
                                    + " cool it, or set a lower power limit.",
                            amount, detail);
                case VRAM_BASELINE ->
                    "VRAM in use by others changed:" + detail + ". Close what uses the card and run the cells again"
                            + " whose peaks you compare.";
            };
        }

        private String said(String format, double amount, String detail) {
            return String.format(Locale.ROOT, format, amount, detail, when);
        }

        /** Of each kind the worst, with the forks it was seen in. */
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
