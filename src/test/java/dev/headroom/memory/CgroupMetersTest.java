package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.environment.Cgroup;
import dev.headroom.result.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupMetersTest {
    private final Path folder;

    CgroupMetersTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private Cgroup.Group group(int version) {
        return new Cgroup.Group(version, folder, null);
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(folder.resolve(file), text);
    }

    @Test
    void readsThePeakKeptByTheKernel() throws IOException, MeterUnavailable {
        write("memory.peak", "1073741824\n");

        PeakMeter meter = (PeakMeter) CgroupPeak.open(group(2)).get(0);

        assertThat(Files.readString(folder.resolve("memory.peak")))
                .as("opening writes a reset")
                .isEqualTo("0073741824\n");
        write("memory.peak", "4096\n");
        assertThat(meter.read()).hasValue(4096);
        assertThat(meter.metric()).isEqualTo(Metric.RAM_CGROUP_PEAK);
        assertThat(meter.signal().scope()).isEqualTo(Meter.Scope.SYSTEM);
        meter.close();
    }

    @Test
    void peakIsUnavailableIfItCannotBeReset() throws IOException {
        assertThatThrownBy(() -> CgroupPeak.open(group(2)))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("there is no");
        assertThatThrownBy(() -> CgroupPeak.open((Cgroup.Group) null)).isInstanceOf(MeterUnavailable.class);
        Files.createDirectory(folder.resolve("memory.peak"));
        assertThatThrownBy(() -> CgroupPeak.open(group(2)))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("cannot be written");
    }

    /** A reset of version 1 would also erase the peak for other readers. */
    @Test
    void peakOfVersion1IsNeverReset() throws IOException, MeterUnavailable {
        write("memory.usage_in_bytes", "70545408\n");
        write("memory.max_usage_in_bytes", "101793792\n");
        assertThatThrownBy(() -> CgroupPeak.open(group(1))).isInstanceOf(MeterUnavailable.class);

        Meter meter = CgroupUsage.open(group(1)).get(0);

        assertThat(meter.read()).hasValue(70_545_408);
        write("memory.max_usage_in_bytes", "201793792\n");
        assertThat(meter.read()).as("a spike since the last reading").hasValue(201_793_792);
        assertThat(meter.read()).hasValue(70_545_408);
        assertThat(Files.readString(folder.resolve("memory.max_usage_in_bytes")))
                .isEqualTo("201793792\n");
        assertThat(meter.metric()).isEqualTo(Metric.RAM_CGROUP_PEAK);
        meter.close();
    }

    @Test
    void version2IsPolledWithoutAPeak() throws IOException, MeterUnavailable {
        write("memory.current", "4096\n");
        Meter meter = CgroupUsage.open(group(2)).get(0);
        write("memory.current", "8192\n");
        assertThat(meter.read()).hasValue(8192);
        write("memory.current", "max\n");
        assertThat(meter.read()).isEmpty();
        meter.close();
    }

    @Test
    void usageWithoutANumberIsUnavailable() throws IOException {
        assertThatThrownBy(() -> CgroupUsage.open((Cgroup.Group) null))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("no control group counts the memory of this process");
        write("memory.current", "\0\n");
        assertThatThrownBy(() -> CgroupUsage.open(group(2)))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage(folder.resolve("memory.current") + " holds no number");
    }
}
