package dev.headroom.memory;

import dev.headroom.result.Metric;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Number of page faults of this process that waited for a disk, since {@link #reset}. Such faults occur if a mapped
 * model is not in the page cache, or if memory is swapped out. Source: {@code majflt} in {@code /proc/self/stat},
 * proc_pid_stat(5).
 */
final class LinuxMajorFaults implements Sensor, Resettable {
    private static final Path FILE = Path.of("/proc/self/stat");

    /**
     * Index of {@code majflt} among the fields behind the process's name. It is field 12 of the file, and the first
     * field behind the name is field 3.
     */
    private static final int MAJFLT = 12 - 3;

    private final KernelFile file;
    private @Nullable Long start;

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
            throw new MeterUnavailable(path + " has no majflt");
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

    /** The process's name is in parentheses and may itself contain some: the last closing one ends it. */
    static OptionalLong parse(String stat) {
        int name = stat.lastIndexOf(')');
        String[] fields = stat.substring(name + 1).strip().split(" ", -1);
        return name >= 0 && fields.length > MAJFLT ? KernelFile.number(fields[MAJFLT]) : OptionalLong.empty();
    }

    @Override
    public void reset() {
        OptionalLong now = total();
        start = now.isPresent() ? now.getAsLong() : null;
    }

    @Override
    public OptionalLong read() {
        OptionalLong now = total();
        return start != null && now.isPresent() && now.getAsLong() >= start
                ? OptionalLong.of(now.getAsLong() - start)
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
    public Metric metric() {
        return Metric.RAM_FAULTS_MAJOR;
    }

    @Override
    public void close() {
        file.close();
    }
}
