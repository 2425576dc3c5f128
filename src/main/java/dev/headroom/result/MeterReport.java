package dev.headroom.result;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which meters work on a machine, and what they said of memory whose size is known.
 *
 * @param made ISO-8601 instant
 * @param on what it was made on: environment, kernel, llama.cpp's directory
 * @param meters those that work
 * @param unavailable those that do not, with the reason
 * @param trials every block that was taken, for every meter that had a value then
 * @param verdicts of every meter in every place
 * @param notTried blocks that could not be had, by place and size, with the reason
 */
public record MeterReport(
        String made,
        Map<String, String> on,
        List<Entry> meters,
        Map<String, String> unavailable,
        List<Trial> trials,
        List<Verdict> verdicts,
        Map<String, String> notTried) {
    /** The place of trials in this process's own memory. */
    public static final String HOST = "host";

    /**
     * A meter.
     *
     * @param metric the label it stands behind
     * @param scope process, device or system
     * @param semantics resident, committed or reserved
     * @param costMicros time of one reading in µs; absent where it had no value
     * @param resolutionKib the step in which its values came, in KiB; absent where they did not move
     */
    public record Entry(
            String name,
            String metric,
            String scope,
            String semantics,
            @Nullable Double costMicros,
            @Nullable Double resolutionKib) {}

    /**
     * One block of memory, taken, touched, held and freed.
     *
     * @param mib its size
     * @param seenMib by how much the meter rose
     * @param errorMib seen minus size
     * @param latencyMs from the block's last byte being written until nine tenths of it were seen; absent: never
     * @param leftMib by how much the meter was higher after the block had been freed
     */
    public record Trial(
            String meter,
            String place,
            double mib,
            double seenMib,
            double errorMib,
            @Nullable Double latencyMs,
            double leftMib) {}

    /**
     * What a meter is worth in a place.
     *
     * @param verdict exact, follows, blind or misleading
     * @param withinMib the largest error
     */
    public record Verdict(String meter, String place, String verdict, double withinMib) {}
}
