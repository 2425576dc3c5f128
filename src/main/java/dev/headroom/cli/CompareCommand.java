package dev.headroom.cli;

import dev.headroom.BadInput;
import dev.headroom.compare.Claims;
import dev.headroom.compare.CompareCsv;
import dev.headroom.compare.Comparer;
import dev.headroom.compare.Comparison;
import dev.headroom.compare.Dimension;
import dev.headroom.compare.RegressionLimits;
import dev.headroom.compare.Runs;
import dev.headroom.export.JmhJson;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code headroom compare}. */
@Command(
        name = "compare",
        description = {
            "Compares cells that differ only in their environment (or llama.cpp, model, run).",
            "Shows for each metric whether the difference is real: see docs/statistics.md."
        })
final class CompareCommand implements Callable<Integer> {
    private static final int MOST_WARNINGS = 20;

    @Mixin
    Output output = new Output();

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "RUN", arity = "1..*", description = "Run folders, or their run.json files.")
    List<Path> runs = List.of();

    @Option(
            names = "--by",
            paramLabel = "WHAT",
            description = "What to compare: ${COMPLETION-CANDIDATES}. Default: environment.")
    Dimension by = Dimension.ENVIRONMENT;

    @Option(
            names = "--baseline",
            paramLabel = "VALUE",
            description = {
                "Compare the others with this value, such as native-linux.",
                "Default: a native environment, or else the first value."
            })
    @Nullable
    String baseline;

    @Option(
            names = "--claims",
            paramLabel = "FILE",
            description = "Check the claims in this file, such as profiles/claims/article.properties.")
    @Nullable
    Path claims;

    @Option(names = "--csv", description = "Print every metric of every cell as CSV on standard output.")
    boolean csv;

    @Option(names = "--markdown", description = "Print Markdown on standard output.")
    boolean markdown;

    @Option(
            names = "--fail-above",
            paramLabel = "LIMIT,…",
            description = {
                "End with exit code 4 if a metric is worse by more than its limit: vram=5%%,tokens=-3%%.",
                "Metrics: vram, ram, tokens, time, energy, or a name such as vram.shared.peak. Units: %% or MiB.",
                "Only differences with the verdict worse count."
            })
    @Nullable
    String failAbove;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Write a merged jmh.json, and visualizer/<environment>.json for jmh-visualizer.")
    @Nullable
    Path out;

    @Override
    public Integer call() {
        checkUse();
        RegressionLimits limits = failAbove == null ? null : RegressionLimits.of(failAbove);
        Runs read = Runs.read(runs);
        if (claims != null) {
            List<Claims.Result> results = Claims.read(claims).check(read);
            if (markdown) {
                output.data(ClaimsText.of(results, true));
            } else {
                output.answer(results, ClaimsText.of(results, false));
            }
            return 0;
        }
        Comparison comparison = Comparer.compare(read, by, baseline);
        if (out != null) {
            write(out);
        }
        comparison.warnings().stream().limit(MOST_WARNINGS).forEach(output::warn);
        if (comparison.warnings().size() > MOST_WARNINGS) {
            output.warn((comparison.warnings().size() - MOST_WARNINGS) + " more warnings: use --json to see all");
        }
        if (csv) {
            print(comparison);
        } else if (markdown) {
            output.data(new CompareText(comparison).markdown());
        } else {
            output.answer(comparison, output.json ? "" : new CompareText(comparison).text());
        }
        return limits == null ? 0 : judge(limits, comparison);
    }

    private static void print(Comparison comparison) {
        try {
            CompareCsv.write(
                    comparison, new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void checkUse() {
        if ((output.json ? 1 : 0) + (csv ? 1 : 0) + (markdown ? 1 : 0) > 1) {
            throw new ParameterException(
                    spec.commandLine(), "--json, --csv and --markdown exclude each other: choose one");
        }
        if (claims != null
                && (csv || failAbove != null || out != null || baseline != null || by != Dimension.ENVIRONMENT)) {
            throw new ParameterException(
                    spec.commandLine(), "--claims allows only --json and --markdown: omit the other options");
        }
    }

    private int judge(RegressionLimits limits, Comparison comparison) {
        limits.unused(comparison)
                .forEach(limit -> output.warn("limit " + limit + " has no effect: no such metric was compared"));
        List<String> exceeded = limits.exceeded(comparison);
        exceeded.forEach(text -> System.err.println("headroom: limit exceeded: " + text));
        return exceeded.isEmpty() ? 0 : Headroom.LIMIT_PASSED;
    }

    private void write(Path folder) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (Path run : runs) {
            Path file = (Files.isDirectory(run) ? run : run.resolveSibling("")).resolve("jmh.json");
            Path name = file.toAbsolutePath().normalize().getParent();
            texts.put(name == null ? run.toString() : String.valueOf(name.getFileName()), text(file));
        }
        try {
            String merged = JmhJson.merged(texts);
            Map<String, String> files = new LinkedHashMap<>(Map.of("jmh.json", merged));
            files.putAll(JmhJson.visualizer(merged));
            for (Map.Entry<String, String> file : files.entrySet()) {
                Path to = folder.resolve(file.getKey());
                Files.createDirectories(Optional.ofNullable(to.getParent()).orElse(folder));
                Files.writeString(to, file.getValue());
            }
        } catch (UncheckedIOException e) {
            throw new BadInput(
                    "A jmh.json of " + String.join(", ", texts.keySet()) + " is not valid JSON of JMH ("
                            + e.getMessage() + "): copy the run folder again.",
                    e);
        } catch (IOException e) {
            throw new BadInput("Cannot write to " + folder + " (" + e + "): give a writable folder with --out DIR.", e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new BadInput(file + " cannot be read (" + e + "): copy it next to run.json, or omit --out.", e);
        }
    }
}
