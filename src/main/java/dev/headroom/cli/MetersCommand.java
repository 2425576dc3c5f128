package dev.headroom.cli;

import dev.headroom.BadInput;
import dev.headroom.llama.LlamaHome;
import dev.headroom.probe.MeterProbe;
import dev.headroom.result.MeterReport;
import dev.headroom.result.Warning;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code headroom meters}: tests which meters work here. */
@Command(
        name = "meters",
        description = {
            "Test which memory meters work here, in less than a minute.",
            "Headroom allocates, holds and frees memory of known sizes in RAM and on every device,"
                    + " and compares it with each meter."
        })
final class MetersCommand implements Runnable {
    @Mixin
    Output output = new Output();

    @Option(names = "--llama", paramLabel = "DIR", description = "Directory of the llama.cpp whose devices are tested.")
    @Nullable
    Path llama;

    @Override
    public void run() {
        MeterReport report = MeterProbe.report(home());
        Warning.Disturbed.of(report).forEach(warning -> output.warn(warning.text()));
        output.answer(report, text(report));
    }

    /** The directory of llama.cpp. Empty if none is found, unless {@code --llama} was given: that is an error. */
    private @Nullable Path home() {
        try {
            return LlamaHome.find(llama).toAbsolutePath();
        } catch (BadInput e) {
            if (llama != null) {
                throw e;
            }
            output.warn("Devices are not tested: " + e.getMessage());
            return null;
        }
    }

    static String text(MeterReport report) {
        List<List<String>> meters = new ArrayList<>();
        meters.add(List.of("meter", "metric", "scope", "counts", "a read, µs", "step, KiB"));
        for (MeterReport.Entry meter : report.meters()) {
            meters.add(List.of(
                    meter.name(),
                    meter.metric(),
                    meter.scope(),
                    meter.semantics(),
                    number("%.1f", meter.costMicros()),
                    number("%.0f", meter.resolutionKib())));
        }
        List<List<String>> trials = new ArrayList<>();
        trials.add(List.of("target", "meter", "MiB", "seen", "error", "after ms", "left"));
        for (MeterReport.Trial trial : report.trials()) {
            trials.add(List.of(
                    trial.target(),
                    trial.meter(),
                    number("%.0f", trial.mib()),
                    number("%.2f", trial.seenMib()),
                    number("%+.2f", trial.errorMib()),
                    number("%.1f", trial.latencyMs()),
                    number("%.2f", trial.leftMib())));
        }
        List<List<String>> verdicts = new ArrayList<>();
        verdicts.add(List.of("target", "meter", "verdict"));
        for (MeterReport.Verdict verdict : report.verdicts()) {
            verdicts.add(List.of(verdict.target(), verdict.meter(), verdict(verdict)));
        }
        StringBuilder text = new StringBuilder(Output.table(meters)).append('\n');
        byReason(report.unavailable()).forEach((reason, names) -> text.append("unavailable: ")
                .append(String.join(", ", names))
                .append(": ")
                .append(reason)
                .append('\n'));
        report.notTried().forEach((target, reason) -> text.append("not tested: ")
                .append(target)
                .append(": ")
                .append(reason)
                .append('\n'));
        return text.append('\n')
                .append(Output.table(trials))
                .append('\n')
                .append(Output.table(verdicts))
                .toString();
    }

    private static Map<String, List<String>> byReason(Map<String, String> unavailable) {
        Map<String, List<String>> names = new LinkedHashMap<>();
        unavailable.forEach((meter, reason) ->
                names.computeIfAbsent(reason, first -> new ArrayList<>()).add(meter));
        return names;
    }

    private static String verdict(MeterReport.Verdict verdict) {
        return verdict.verdict().equals("follows")
                ? String.format(Locale.ROOT, "follows within %.2f MiB", verdict.withinMib())
                : verdict.verdict();
    }

    private static String number(String format, @Nullable Double value) {
        return value == null ? "" : String.format(Locale.ROOT, format, value);
    }
}
