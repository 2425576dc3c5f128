package dev.headroom.memory;

/** A meter does not work on this machine. The message is the reason, in words that can follow a colon. */
public final class MeterUnavailable extends Exception {
    private static final long serialVersionUID = 1L;

    public MeterUnavailable(String reason) {
        super(reason);
    }

    public MeterUnavailable(String reason, Throwable cause) {
        super(reason, cause);
    }
}
