package dev.headroom.profiler;

/** Ends this fork when the process that started it ends. Otherwise the fork would go on and occupy the card. */
final class HostWatch {
    private static boolean started;

    private HostWatch() {}

    /** Starts to watch once, if {@link MemoryProfiler#HOST} is the id of this process's parent. */
    static synchronized void start() {
        if (started) {
            return;
        }
        started = true;
        ProcessHandle.current()
                .parent()
                .filter(parent -> Long.toString(parent.pid()).equals(System.getProperty(MemoryProfiler.HOST)))
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
