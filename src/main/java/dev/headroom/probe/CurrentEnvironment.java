package dev.headroom.probe;

import dev.headroom.environment.Environment;
import dev.headroom.memory.NvidiaCard;

/** The environment of this process, with the facts that its GPU driver reports. */
public final class CurrentEnvironment {
    private CurrentEnvironment() {}

    public static Environment detect() {
        return Environment.detect().with(NvidiaCard.facts());
    }
}
