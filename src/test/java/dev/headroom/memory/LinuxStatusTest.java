package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinuxStatusTest {
    /** A JVM on Linux 6.1, shortened. */
    private static final String STATUS =
            """
            Name:\tjava
            Umask:\t0022
            State:\tS (sleeping)
            Pid:\t4711
            VmPeak:\t10742988 kB
            VmSize:\t10690076 kB
            VmHWM:\t 1289652 kB
            VmRSS:\t 1260648 kB
            RssAnon:\t  980124 kB
            RssFile:\t  280524 kB
            RssShmem:\t       0 kB
            VmSwap:\t       0 kB
            Threads:\t31
            """;

    private final Path folder;

    LinuxStatusTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void readsValuesInBytes() {
        assertThat(LinuxStatus.parse(STATUS, "VmHWM")).hasValue(1_289_652L * 1024);
        assertThat(LinuxStatus.parse(STATUS, "RssAnon")).hasValue(980_124L * 1024);
        assertThat(LinuxStatus.parse(STATUS, "RssShmem")).hasValue(0);
    }

    /** {@code smaps_rollup} on Linux 6.18, shortened; older kernels lack the lines Pss_Dirty to Pss_Shmem. */
    @Test
    void pssIsNotMistakenForItsParts() {
        String rollup =
                """
                55855ca28000-7ffedee65000 ---p 00000000 00:00 0                          [rollup]
                Rss:                1636 kB
                Pss:                 308 kB
                Pss_Dirty:           112 kB
                Pss_Anon:            113 kB
                Pss_File:            196 kB
                Pss_Shmem:             0 kB
                Shared_Clean:       1472 kB
                Swap:                  0 kB
                SwapPss:               7 kB
                Locked:                0 kB
                """;
        assertThat(LinuxStatus.parse(rollup, "Pss")).hasValue(308 * 1024);
        assertThat(LinuxStatus.parse(rollup.replace("Pss:  ", "Pxs:  "), "Pss")).isEmpty();
        assertThat(LinuxStatus.parse("Pss: 308 kB\n", "Pss"))
                .as("without a first line")
                .isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void pssOfThisProcess() throws MeterUnavailable {
        assumeTrue(Files.exists(Path.of("/proc/self/smaps_rollup")), "this kernel has no smaps_rollup");
        try (LinuxPss pss = LinuxPss.open();
                LinuxStatus most = LinuxStatus.open(LinuxStatus.FILE, "VmHWM")) {
            // not VmRSS: the heap may shrink between the two readings
            assertThat(pss.read().orElseThrow()).isBetween(8L << 20, most.read().orElseThrow() + (32 << 20));
        }
    }

    @Test
    void missingKeyIsAbsent() {
        assertThat(LinuxStatus.parse(STATUS, "Rss")).isEmpty();
        assertThat(LinuxStatus.parse("", "VmHWM")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "VmHWM:",
                "VmHWM:\t kB",
                "VmHWM:\t12",
                "VmHWM:\t12 MB",
                "VmHWM:\t-12 kB",
                "VmHWM:\t1.5 kB",
                "VmHWM:\t99999999999999999999 kB",
                "VmHWM:\t12 kB\0",
                "VmHWM 12 kB",
                " VmHWM:\t12 kB",
                "XVmHWM:\t12 kB"
            })
    void malformedLinesAreAbsent(String line) {
        assertThat(LinuxStatus.parse("Name:\tx\n" + line + "\nThreads:\t1\n", "VmHWM"))
                .isEmpty();
    }

    @Test
    void textThatIsCutOffIsAbsent() {
        assertThat(LinuxStatus.parse("Name:\tx\nVmHWM:\t12 kB", "VmHWM")).isEmpty();
    }

    @Test
    void processNameCannotPoseAsAKey() {
        // The kernel escapes a line break in a name.
        assertThat(LinuxStatus.parse("Name:\tx\\nVmHWM: 1 kB\nVmHWM:\t2 kB\n", "VmHWM"))
                .hasValue(2048);
    }

    @Test
    void keptOpenItIsReadAnew() throws IOException, MeterUnavailable {
        Path file = Files.writeString(folder.resolve("status"), "Name:\tx\nRssAnon:\t100 kB\n");
        try (LinuxStatus status = LinuxStatus.open(file, "RssAnon")) {
            Files.writeString(file, "Name:\tx\nRssAnon:\t 50 kB\n");
            assertThat(status.read()).isEqualTo(OptionalLong.of(50 * 1024));
            Files.writeString(file, "");
            assertThat(status.read()).isEmpty();
        }
    }

    @Test
    void saysWhyItIsUnavailable() throws IOException {
        Path file = folder.resolve("status");
        assertThatThrownBy(() -> LinuxStatus.open(file, "RssAnon"))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("there is no " + file);
        Files.writeString(file, "Name:\tinit\n");
        assertThatThrownBy(() -> LinuxStatus.open(file, "RssAnon"))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage(file + " does not tell RssAnon");
    }

    @Test
    void highWaterNeedsAResetThatCanBeWritten() throws IOException {
        Path status = Files.writeString(folder.resolve("status"), "Name:\tx\nVmHWM:\t100 kB\n");
        assertThatThrownBy(() -> LinuxHighWater.open(status, folder.resolve("clear_refs")))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("there is no");
        assertThatThrownBy(() -> LinuxHighWater.open(status, folder))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("cannot be written");
    }
}
