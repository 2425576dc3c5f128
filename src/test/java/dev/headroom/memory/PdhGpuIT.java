package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.NativeLibrary;
import dev.headroom.Gcc;
import dev.headroom.result.Metric;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Tests the meters of Windows's performance counters against the fake library {@code src/test/c/fake_pdh.c}. */
@EnabledOnOs(OS.LINUX)
class PdhGpuIT {
    private static final Path LIBRARY =
            Path.of("target", "fake-pdh", "libpdh.so").toAbsolutePath();
    private static final int PID = (int) ProcessHandle.current().pid();

    private List<Meter> meters = List.of();

    @BeforeAll
    static void build() throws IOException, InterruptedException {
        Gcc.library(LIBRARY, Path.of("src/test/c/fake_pdh.c"));
    }

    private static int fake(String function, Object... arguments) {
        return NativeLibrary.getInstance(LIBRARY.toString())
                .getFunction(function)
                .invokeInt(arguments);
    }

    /** Reads after a pause: within a few milliseconds, the last collection is used again. */
    private long read(int meter) throws InterruptedException {
        Thread.sleep(20);
        return meters.get(meter).read().orElse(-1);
    }

    @AfterEach
    void reset() {
        meters.forEach(Meter::close);
        assertThat(fake("fake_queries")).isZero();
        fake("fake_strangers", 0);
        fake("fake_own", 0);
        fake("fake_fail", 0);
    }

    @Test
    void allMetersShareOneQuery() throws Exception {
        meters = PdhGpu.open(LIBRARY.toString());
        assertThat(meters)
                .extracting(Meter::name)
                .containsExactly("pdh.adapter", "pdh.adapter.shared", "pdh.process", "pdh.process.shared");
        assertThat(meters)
                .extracting(Meter::metric)
                .containsExactly(
                        Metric.VRAM_PEAK, Metric.VRAM_SHARED_PEAK, Metric.VRAM_PROCESS_PEAK, Metric.VRAM_SHARED_PEAK);
        assertThat(fake("fake_queries")).isEqualTo(1);
        assertThat(read(0)).isEqualTo(8100L << 20);
        int before = fake("fake_collections");
        meters.forEach(Meter::read);
        assertThat(fake("fake_collections") - before)
                .as("one collection for all meters")
                .isLessThanOrEqualTo(1);
        assertThat(read(1)).isEqualTo(340 << 20);
    }

    @Test
    void followsAProcessThatStartsAndEnds() throws Exception {
        fake("fake_strangers", 5);
        meters = PdhGpu.open(LIBRARY.toString());
        assertThat(read(2)).isEqualTo(-1);
        fake("fake_own", PID);
        assertThat(read(2)).isEqualTo(5001L << 20);
        assertThat(read(3)).isEqualTo(9 << 20);
        fake("fake_strangers", 2000);
        assertThat(read(2)).as("more instances than the buffer holds").isEqualTo(5001L << 20);
        fake("fake_own", 0);
        assertThat(read(2)).isZero();
    }

    @Test
    void valueIsAbsentIfWindowsReportsAnError() throws Exception {
        meters = PdhGpu.open(LIBRARY.toString());
        fake("fake_fail", 1);
        assertThat(read(0)).isEqualTo(-1);
        fake("fake_fail", 0);
        assertThat(read(0)).isEqualTo(8100L << 20);
        meters.forEach(Meter::close);
        fake("fake_fail", 1);
        assertThatThrownBy(() -> PdhGpu.open(LIBRARY.toString()))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("no performance counter of a graphics adapter");
    }

    @Test
    void reportsAnUnknownCounter() {
        String path = "\\GPU Weather(*)\\Rain";
        assertThatThrownBy(() -> PdhQuery.open(LIBRARY.toString(), List.of(path)))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("Windows has no performance counter " + path + ": error 0xc0000bb8");
    }
}
