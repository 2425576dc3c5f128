package dev.headroom.cli;

import dev.headroom.BadInput;
import dev.headroom.compare.Claims;
import dev.headroom.compare.CompareCsv;
import dev.headroom.compare.Comparer;
import dev.headroom.compare.Comparison;
import dev.headroom.compare.Dimension;
import dev.headroom.compare.Limits;
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

/** {@code headroom compare}: runs side by side. */
@Command(
        name = "compare",
        description = {
            "Puts cells side by side that are the same but for their environment (or llama.cpp, model, run), and says of",
            "every figure whether the difference is real. docs/statistics.md explains how it knows."
        })
final class CompareCommand implements Callable<Integer> {
    private static final int MOST_WARNINGS = 20;

    @Mixin
    Output output = new Output();

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "RUN", arity = "1..*", description = "Folders of runs, or their run.json.")
    List<Path> runs = List.of();

    @Option(
            names = "--by",
            paramLabel = "WHAT",
            defaultValue = "environment",
            description = "What is compared: ${COMPLETION-CANDIDATES}. Default: environment.")
    Dimension by = Dimension.ENVIRONMENT;

    @Option(
            names = "--baseline",
            paramLabel = "VALUE",
            description =
                    "What the others are held against, such as native-linux. Default: a native environment, or the first.")
    @Nullable
    String baseline;

    @Option(
            names = "--claims",
            paramLabel = "FILE",
            description = "Say what the runs say to these claims, such as profiles/claims/article.properties.")
    @Nullable
    Path claims;

    @Option(names = "--csv", description = "Print CSV on standard output: every figure of every cell.")
    boolean csv;

    @Option(names = "--markdown", description = "Print Markdown on standard output.")
    boolean markdown;

    @Option(
            names = "--fail-above",
            paramLabel = "LIMIT,…",
            description = {
                "End with exit code 4 if a figure is worse by more than this: vram=5%%,tokens=-3%%. Figures: vram, ram,",
                "tokens, time, energy, or a metric such as vram.shared.peak; amounts in %% or MiB. Only differences that",
                "were found count."
            })
    @Nullable
    String failAbove;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Write the runs' jmh.json in one, and visualizer/<environment>.json for jmh-visualizer.")
    @Nullable
    Path out;

    @Override
    public Integer call() {
        checkUse();
        Optional<Limits> limits = Optional.ofNullable(failAbove).map(Limits::of);
        Runs read = Runs.read(runs);
        if (claims != null) {
            List<Claims.Checked> checked = Claims.read(claims).check(read);
            if (markdown) {
                output.data(ClaimsText.of(checked, true));
            } else {
                output.answer(checked, ClaimsText.of(checked, false));
            }
            return 0;
        }
        Comparison comparison = Comparer.compare(read, by, Optional.ofNullable(baseline));
        if (out != null) {
            write(out);
        }
        comparison.warnings().stream().limit(MOST_WARNINGS).forEach(output::warn);
        if (comparison.warnings().size() > MOST_WARNINGS) {
            output.warn((comparison.warnings().size() - MOST_WARNINGS) + " more like these; --json has all");
        }
        if (csv) {
            print(comparison);
        } else if (markdown) {
            output.data(new CompareText(comparison).markdown());
        } else {
            output.answer(comparison, output.json ? "" : new CompareText(comparison).text());
        }
        return limits.map(these -> judge(these, comparison)).orElse(0);
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
            throw new ParameterException(spec.commandLine(), "--json, --csv and --markdown exclude each other");
        }
        if (claims != null
                && (csv || failAbove != null || out != null || baseline != null || by != Dimension.ENVIRONMENT)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--claims goes with --json and --markdown alone: claims name what they compare");
        }
    }

    private int judge(Limits limits, Comparison comparison) {
        limits.idle(comparison).forEach(limit -> output.warn(limit + " holds nothing: no such figure was compared"));
        List<String> passed = limits.passed(comparison);
        passed.forEach(sentence -> System.err.println("headroom: above the limit " + sentence));
        return passed.isEmpty() ? 0 : Headroom.LIMIT_PASSED;
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
                    "A jmh.json of " + String.join(", ", texts.keySet()) + " is not JSON as JMH writes it ("
                            + e.getMessage() + "): copy the run's folder again.",
                    e);
        } catch (IOException e) {
            throw new BadInput(
                    "Nothing can be written to " + folder + " (" + e
                            + "): give a folder you may write to with --out DIR.",
                    e);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new BadInput(
                    file + " cannot be read (" + e + "): --out needs it beside each run.json; leave --out away.", e);
        }
    }
}
