package dev.headroom.profiler;

import org.openjdk.jmh.profile.ProfilerException;

/** The former name of {@link MemoryProfiler}, for scripts that have it on JMH's command line. */
public final class VramProfiler extends MemoryProfiler {
    public VramProfiler(String options) throws ProfilerException {
        super(options);
    }
}
