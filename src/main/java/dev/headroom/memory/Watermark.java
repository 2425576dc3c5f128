package dev.headroom.memory;

/**
 * What to make of a source that tells how much there is and the most there ever was, and cannot be told to begin anew.
 * Where the most has grown from one reading to the next, it was reached in between, so that no spike above all earlier
 * ones is missed, however short. A lower one is seen as polling sees it.
 */
final class Watermark {
    private long most;

    /** Begins with the most there ever was, so that what was before does not count. */
    Watermark(long most) {
        this.most = most;
    }

    /** The largest value that is known of the time since the last reading. */
    long since(long now, long mostEver) {
        boolean grown = mostEver > most;
        most = mostEver;
        return grown ? Math.max(now, mostEver) : now;
    }
}
