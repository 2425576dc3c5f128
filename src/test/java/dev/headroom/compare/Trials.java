package dev.headroom.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.IntFunction;

/**
 * Simulated comparisons with known true differences. Counts false verdicts, intervals that contain the truth, and
 * differences that are found. To run it:
 *
 * <pre>java -cp target/test-classes:target/headroom.jar dev.headroom.compare.Trials</pre>
 *
 * <p>docs/benchmarks.md has the results.
 */
final class Trials {
    /** The experimental design: how both environments are measured. */
    enum Design {
        /** One run for each environment. */
        SEPARATE,
        /** One run with interleaved forks. Speed drifts by 5 % and memory by 20 MiB from fork to fork. */
        INTERLEAVED,
        /** Four runs for each environment. Runs vary as much as forks. */
        SEVERAL
    }

    private static final List<Integer> LENGTHS = List.of(512, 4096, 16384, 32768, 60000);
    private static final List<String> BENCHMARKS = List.of("TokenGeneration", "PromptProcessing");

    private final Random random;
    private final int forks;
    private final Design design;

    Trials(long seed, int forks, Design design) {
        this.random = new Random(seed);
        this.forks = forks;
        this.design = design;
    }

    /** The true difference: a factor of the speed, and MiB of VRAM. */
    record Effect(double speed, double mib) {
        static final Effect NONE = new Effect(1, 0);
    }

    /** Compares ten cells with all kinds of noise. */
    Comparison everyNoise(Effect effect) {
        Map<Measure, IntFunction<DoubleSupplier>> kinds = new LinkedHashMap<>();
        kinds.put(FakeRun.TOKENS, cell -> cell % 2 == 0 ? () -> 100 * Math.exp(0.01 * gaussian()) : this::skewed);
        kinds.put(FakeRun.VRAM, cell -> cell % 2 == 0 ? () -> 8000 : () -> 8000 + 2 * random.nextInt(2));
        kinds.put(FakeRun.RAM, cell -> () -> 400 + 2 * gaussian());
        kinds.put(FakeRun.ANON, cell -> () -> 300 + (random.nextInt(5) == 0 ? 64 : 0));
        kinds.put(new Measure("·ram.swap.peak", "MiB"), cell -> () -> 0);
        kinds.put(new Measure("·ram.file.peak", "MiB"), cell -> () -> 100 + 16 * random.nextInt(2));
        kinds.put(new Measure("·buffers.kv", "MiB"), cell -> () -> 64);
        kinds.put(new Measure("p99", "tokens/s"), cell -> this::skewed);
        return compare(10, kinds, effect);
    }

    /** Compares cells that have only speed, with the given noise. */
    Comparison speed(int cells, double noise, Effect effect) {
        return compare(cells, Map.of(FakeRun.TOKENS, cell -> () -> 100 * Math.exp(noise * gaussian())), effect);
    }

    /** Compares cells that have only memory, with the given standard deviation in MiB. */
    Comparison memory(int cells, double mib, Effect effect) {
        return compare(cells, Map.of(FakeRun.VRAM, cell -> () -> 8000 + mib * gaussian()), effect);
    }

    private double gaussian() {
        return random.nextGaussian();
    }

    /** A skewed speed: at most 100, and sometimes much slower. */
    private double skewed() {
        return 100 / (1 + 0.02 * -Math.log(1 - random.nextDouble()));
    }

    private Comparison compare(int cells, Map<Measure, IntFunction<DoubleSupplier>> kinds, Effect effect) {
        List<MeasuredRun> runs = new ArrayList<>();
        int runsEach = design == Design.SEVERAL ? 4 : 1;
        for (int run = 0; run < runsEach; run++) {
            FakeRun one = new FakeRun("a" + run);
            FakeRun two = design == Design.INTERLEAVED ? one : new FakeRun("b" + run);
            for (int cell = 0; cell < cells; cell++) {
                Map<Measure, double[]> linux = new LinkedHashMap<>();
                Map<Measure, double[]> wsl = new LinkedHashMap<>();
                int index = cell;
                kinds.forEach((measure, kind) -> {
                    double[] drift = drift();
                    linux.put(measure, values(measure, kind.apply(index), drift, Effect.NONE));
                    wsl.put(
                            measure,
                            values(measure, kind.apply(index), design == Design.INTERLEAVED ? drift : drift(), effect));
                });
                String benchmark = BENCHMARKS.get(cell % BENCHMARKS.size());
                int length = LENGTHS.get(cell / BENCHMARKS.size() % LENGTHS.size());
                one.in("native-linux").cell(benchmark, length, linux);
                two.in("wsl2").cell(benchmark, length, wsl);
            }
            runs.add(one.run());
            if (two != one) {
                runs.add(two.run());
            }
        }
        return Comparer.compare(runs, Dimension.ENVIRONMENT, "native-linux");
    }

    /** The common drift of the forks of a pair, or of all forks of a run, in units of the noise. */
    private double[] drift() {
        double[] drift = new double[forks];
        double common = gaussian();
        double walk = 0;
        for (int fork = 0; fork < forks; fork++) {
            walk += gaussian();
            drift[fork] = switch (design) {
                case SEPARATE -> 0;
                case INTERLEAVED -> walk;
                case SEVERAL -> common;
            };
        }
        return drift;
    }

    private double[] values(Measure measure, DoubleSupplier kind, double[] drift, Effect effect) {
        double[] values = new double[forks];
        Arrays.setAll(values, fork -> {
            double value = kind.getAsDouble();
            if (measure.name().startsWith("·buffers") || measure.name().contains("swap")) {
                return value;
            }
            if (measure.ofMemory()) {
                double mib = design == Design.INTERLEAVED ? 20 : 2;
                return value + mib * drift[fork] + (measure.equals(FakeRun.VRAM) ? effect.mib : 0);
            }
            double part = design == Design.INTERLEAVED ? 0.05 : 0.01;
            return value * Math.exp(part * drift[fork]) * effect.speed;
        });
        return values;
    }

    static boolean anyFound(Comparison comparison) {
        return comparison.differences().stream()
                .anyMatch(difference -> difference.verdict().found());
    }

    /** The percentage of comparisons of A with A that find a difference. */
    static double falseVerdicts(int compares, int forks, Design design) {
        Trials trials = new Trials(forks, forks, design);
        int found = 0;
        for (int i = 0; i < compares; i++) {
            found += anyFound(trials.everyNoise(Effect.NONE)) ? 1 : 0;
        }
        return 100.0 * found / compares;
    }

    /** The percentage of unadjusted 95 % intervals of speed that contain the true difference. */
    static double coverage(int compares, int forks, Design design, double speed) {
        Trials trials = new Trials(7L * forks, forks, design);
        int held = 0;
        int all = 0;
        for (int i = 0; i < compares; i++) {
            for (Difference difference : trials.everyNoise(new Effect(speed, 0)).differences()) {
                if (difference.measure().equals(FakeRun.TOKENS)) {
                    Range range = Objects.requireNonNull(difference.interval95());
                    double truth = difference.baseline() * (speed - 1);
                    held += range.low() <= truth && truth <= range.high() ? 1 : 0;
                    all++;
                }
            }
        }
        return 100.0 * held / all;
    }

    /** The percentage of speed differences that are found. */
    static double power(int compares, int forks, int cells, double noise, double speed) {
        Trials trials = new Trials(13L * forks, forks, Design.SEPARATE);
        int found = 0;
        int all = 0;
        for (int i = 0; i < compares; i++) {
            for (Difference difference :
                    trials.speed(cells, noise, new Effect(speed, 0)).differences()) {
                found += difference.verdict() == Verdict.WORSE ? 1 : 0;
                all++;
            }
        }
        return 100.0 * found / all;
    }

    /** The percentage of memory differences that are found. */
    static double memoryPower(int compares, int forks, int cells, double noiseMib, double mib) {
        Trials trials = new Trials(17L * forks, forks, Design.SEPARATE);
        int found = 0;
        int all = 0;
        for (int i = 0; i < compares; i++) {
            for (Difference difference :
                    trials.memory(cells, noiseMib, new Effect(1, mib)).differences()) {
                found += difference.verdict() == Verdict.WORSE ? 1 : 0;
                all++;
            }
        }
        return 100.0 * found / all;
    }

    /** The percentage of speed differences found that are {@code times} the minimum detectable difference. */
    static double powerAtDetectable(int compares, int forks, double noise, double times) {
        Trials trials = new Trials(19L * forks, forks, Design.SEPARATE);
        double mean = 0;
        for (int i = 0; i < compares; i++) {
            mean += Objects.requireNonNull(trials.speed(1, noise, Effect.NONE)
                            .differences()
                            .get(0)
                            .detectablePercent())
                    / compares;
        }
        return power(compares, forks, 1, noise, 1 / (1 + times * mean / 100));
    }

    public static void main(String[] args) {
        int compares = args.length > 0 ? Integer.parseInt(args[0]) : 2000;
        print("| design | forks | comparisons with a false verdict, %% of " + compares
                + " | 95 %% intervals that contain the truth, %% |");
        print("| --- | --- | --- | --- |");
        for (Design design : Design.values()) {
            for (int forks : new int[] {3, 5, 10}) {
                print(
                        "| %s | %d | %.1f | %.1f |",
                        design.name().toLowerCase(Locale.ROOT),
                        forks,
                        falseVerdicts(compares, forks, design),
                        coverage(compares / 10, forks, design, 0.97));
            }
        }
        print("");
        print("| cells | noise %% | forks | 1 %% | 2 %% | 5 %% |");
        print("| --- | --- | --- | --- | --- | --- |");
        for (int cells : new int[] {1, 10}) {
            for (double noise : new double[] {0.005, 0.01, 0.02}) {
                for (int forks : new int[] {3, 5, 10}) {
                    print(
                            "| %d | %.1f | %d | %.0f | %.0f | %.0f |",
                            cells,
                            100 * noise,
                            forks,
                            power(compares / cells, forks, cells, noise, 0.99),
                            power(compares / cells, forks, cells, noise, 0.98),
                            power(compares / cells, forks, cells, noise, 0.95));
                }
            }
        }
        print("");
        print("| noise MiB | forks | 4 MiB | 16 MiB | 64 MiB |");
        print("| --- | --- | --- | --- | --- |");
        for (double noise : new double[] {0, 2, 8}) {
            for (int forks : new int[] {3, 5, 10}) {
                print(
                        "| %.0f | %d | %.0f | %.0f | %.0f |",
                        noise,
                        forks,
                        memoryPower(compares / 10, forks, 10, noise, 4),
                        memoryPower(compares / 10, forks, 10, noise, 16),
                        memoryPower(compares / 10, forks, 10, noise, 64));
            }
        }
        print("");
        print("| forks | found at the minimum detectable difference, %% | at twice that, %% |");
        print("| --- | --- | --- |");
        for (int forks : new int[] {3, 5, 10}) {
            print(
                    "| %d | %.0f | %.0f |",
                    forks, powerAtDetectable(compares, forks, 0.01, 1), powerAtDetectable(compares, forks, 0.01, 2));
        }
    }

    private static void print(String format, Object... values) {
        System.out.printf(Locale.ROOT, format + "%n", values);
    }
}
