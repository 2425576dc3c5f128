package dev.headroom.gguf;

/** A listener for the progress of a long write. */
@FunctionalInterface
public interface Progress {
    /** Ignores all updates. */
    Progress NONE = (done, total) -> {};

    /** Called on the writing thread after every few MiB; {@code done == total} in the last call. Both are in bytes. */
    void update(long done, long total);
}
