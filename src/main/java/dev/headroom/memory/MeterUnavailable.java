package dev.headroom.memory;

/**
 * Thrown if a meter does not work on this machine. The message is the reason. It starts in lower case and has no full
 * stop, because it is shown behind the meter's name and a colon.
 */
public final class MeterUnavailable extends Exception {
    private static final long serialVersionUID = 1L;

    public MeterUnavailable(String reason) {
        super(reason);
    }

    public MeterUnavailable(String reason, Throwable cause) {
        super(reason, cause);
    }

    /**
     * The driver's list had this process's id before this process used the GPU. So the id belongs to another process.
     *
     * @param list whose list it is
     */
    static MeterUnavailable foreignProcess(long pid, String list) {
        return new MeterUnavailable(
                "process " + pid + " of " + list + " is not this one: this is a container with its own process ids");
    }
}
