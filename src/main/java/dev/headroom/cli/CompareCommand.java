package dev.headroom.cli;

import dev.headroom.compare.Comparer;
import dev.headroom.compare.Comparison;
import dev.headroom.compare.Dimension;
import dev.headroom.compare.Runs;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code headroom compare}: runs side by side. */
@Command(
        name = "compare",
        description = {
            "Puts cells side by side that are the same but for their environment (or llama.cpp, model, run), and says of",
            "every figure whether the difference is real. docs/statistics.md explains how it knows."
        })
final class CompareCommand implements Callable<Integer> {
    @Mixin
    Output output = new Output();

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

    @Override
    public Integer call() {
        Comparison comparison = Comparer.compare(Runs.read(runs), by, Optional.ofNullable(baseline));
        comparison.warnings().forEach(output::warn);
        output.answer(comparison, new CompareText(comparison).text());
        return 0;
    }
}
