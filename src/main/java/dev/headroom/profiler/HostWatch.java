package dev.headroom.profiler;

/**
 * Ends this fork when the process that started it is gone: nobody would take its result, and it would hold the card.
 */
final class HostWatch {
    private static boolean started;

    private HostWatch() {}

    /** Begins to watch, if {@link VramProfiler#HOST} names this process's parent and it has not begun yet. */
    static synchronized void start() {
        if (started) {
            return;
        }
        started = true;
        ProcessHandle.current()
                .parent()
                .filter(parent -> Long.toString(parent.pid()).equals(System.getProperty(VramProfiler.HOST)))
                .ifPresent(HostWatch::watch);
    }

    private static void watch(ProcessHandle parent) {
        Thread thread = new Thread(
                () -> {
                    parent.onExit().join();
                    Runtime.getRuntime().halt(1);
                },
                "host-watch");
        thread.setDaemon(true);
        thread.start();
    }
}
