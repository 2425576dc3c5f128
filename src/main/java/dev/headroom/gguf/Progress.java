package dev.headroom.gguf;

/** Told how far a long write is. */
@FunctionalInterface
public interface Progress {
    /** Tells nobody. */
    Progress NONE = (done, total) -> {};

    /** Called on the writing thread after every few MiB, the last time with {@code done == total}; both in bytes. */
    void update(long done, long total);
}
