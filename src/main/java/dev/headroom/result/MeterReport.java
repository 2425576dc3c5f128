package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The meters of a machine, and their readings for memory of known size.
 *
 * @param made ISO-8601 instant
 * @param on what it holds for: environment, kernel, llama.cpp's directory
 * @param meters meters that work
 * @param unavailable meters that do not work, with the reason
 * @param trials one for every block of memory and every meter that had a value
 * @param verdicts one for every meter and target
 * @param disturbedMib growth of a device's memory by other programs meanwhile, in MiB; absent if it is small
 * @param notTried blocks that could not be allocated, by target and size, with the reason
 */
public record MeterReport(
        String made,
        Map<String, String> on,
        List<Entry> meters,
        Map<String, String> unavailable,
        List<Trial> trials,
        List<Verdict> verdicts,
        @Nullable Double disturbedMib,
        Map<String, String> notTried) {
    /** The target of trials in this process's own memory. */
    public static final String HOST = "host";

    /**
     * A meter.
     *
     * @param metric label of the metric that it serves
     * @param scope process, device or system
     * @param semantics resident, committed or reserved
     * @param costMicros time of one reading in µs; absent if it had no value
     * @param resolutionKib largest step that divides all its changes, in KiB; absent if it never changed
     */
    public record Entry(
            String name,
            String metric,
            String scope,
            String semantics,
            @Nullable Double costMicros,
            @Nullable Double resolutionKib) {}

    /**
     * One block of memory: allocated, touched, held and freed.
     *
     * @param mib size of the block
     * @param seenMib rise of the meter
     * @param errorMib rise minus size
     * @param latencyMs time from the block's last write until the meter shows nine tenths of it; absent if it never did
     * @param leftMib rise that is left after the block is freed
     */
    public record Trial(
            String meter,
            @JsonProperty("place") String target,
            double mib,
            double seenMib,
            double errorMib,
            @Nullable Double latencyMs,
            double leftMib) {}

    /**
     * The verdict on a meter for a target.
     *
     * @param verdict exact, follows, blind or misleading
     * @param withinMib largest error
     */
    public record Verdict(String meter, @JsonProperty("place") String target, String verdict, double withinMib) {}
}
