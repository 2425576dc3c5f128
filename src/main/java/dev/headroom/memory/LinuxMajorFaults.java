package dev.headroom.memory;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Page faults of this process that had to wait for a disk: {@code majflt} in {@code /proc/self/stat}
 * (proc_pid_stat(5)). A model that is mapped from its file and not in the page cache, or swapped out, shows here.
 */
final class LinuxMajorFaults implements Sensor, Resettable {
    private static final Path FILE = Path.of("/proc/self/stat");

    /**
     * Among the fields behind the process's name, from 0: the third of all is the first of these, majflt the twelfth.
     */
    private static final int MAJFLT = 12 - 3;

    private final KernelFile file;
    private OptionalLong start = OptionalLong.empty();

    private LinuxMajorFaults(KernelFile file) {
        this.file = file;
    }

    static LinuxMajorFaults open() throws MeterUnavailable {
        return open(FILE);
    }

    static LinuxMajorFaults open(Path path) throws MeterUnavailable {
        LinuxMajorFaults faults = new LinuxMajorFaults(KernelFile.open(path));
        if (faults.total().isEmpty()) {
            faults.close();
            throw new MeterUnavailable(path + " does not tell major page faults");
        }
        return faults;
    }

    private OptionalLong total() {
        try {
            return parse(file.read());
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** The name stands in parentheses and may hold spaces and parentheses itself: the last one ends it. */
    static OptionalLong parse(String stat) {
        int name = stat.lastIndexOf(')');
        String[] fields = stat.substring(name + 1).strip().split(" ", -1);
        return name >= 0 && fields.length > MAJFLT ? KernelFile.number(fields[MAJFLT]) : OptionalLong.empty();
    }

    @Override
    public void reset() {
        start = total();
    }

    /** How many since {@link #reset}. */
    @Override
    public OptionalLong read() {
        OptionalLong now = total();
        return start.isPresent() && now.isPresent() && now.getAsLong() >= start.getAsLong()
                ? OptionalLong.of(now.getAsLong() - start.getAsLong())
                : OptionalLong.empty();
    }

    @Override
    public OptionalDouble value(Series readings) {
        return readings.mean();
    }

    @Override
    public String name() {
        return "linux.majflt";
    }

    @Override
    public String metric() {
        return "ram.faults.major";
    }

    @Override
    public String unit() {
        return "#";
    }

    @Override
    public void close() {
        file.close();
    }
}
