package dev.headroom;

/** Units of memory. */
public final class Units {
    /** The number of bytes in a MiB. */
    public static final double MIB = 1 << 20;

    private Units() {}
}
