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

class ProcFieldTest {
    /** Part of {@code /proc/self/status} of a JVM on Linux 6.1. */
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

    ProcFieldTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void readsValuesInBytes() {
        assertThat(ProcField.parse(STATUS, "VmHWM")).hasValue(1_289_652L * 1024);
        assertThat(ProcField.parse(STATUS, "RssAnon")).hasValue(980_124L * 1024);
        assertThat(ProcField.parse(STATUS, "RssShmem")).hasValue(0);
    }

    /** Part of {@code smaps_rollup} on Linux 6.18. Older kernels lack the lines from Pss_Dirty to Pss_Shmem. */
    @Test
    void pssIsDistinguishedFromItsParts() {
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
        assertThat(ProcField.parse(rollup, "Pss")).hasValue(308 * 1024);
        assertThat(ProcField.parse(rollup.replace("Pss:  ", "Pxs:  "), "Pss")).isEmpty();
        assertThat(ProcField.parse("Pss: 308 kB\n", "Pss"))
                .as("without a first line")
                .isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void pssOfThisProcess() throws MeterUnavailable {
        assumeTrue(Files.exists(Path.of("/proc/self/smaps_rollup")), "this kernel has no smaps_rollup");
        try (LinuxPss pss = LinuxPss.open();
                ProcField peak = ProcField.open(ProcField.STATUS, "VmHWM")) {
            // VmRSS would not do: the heap may shrink between the readings
            assertThat(pss.read().orElseThrow()).isBetween(8L << 20, peak.read().orElseThrow() + (32 << 20));
        }
    }

    @Test
    void missingKeyIsAbsent() {
        assertThat(ProcField.parse(STATUS, "Rss")).isEmpty();
        assertThat(ProcField.parse("", "VmHWM")).isEmpty();
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
        assertThat(ProcField.parse("Name:\tx\n" + line + "\nThreads:\t1\n", "VmHWM"))
                .isEmpty();
    }

    @Test
    void truncatedTextIsAbsent() {
        assertThat(ProcField.parse("Name:\tx\nVmHWM:\t12 kB", "VmHWM")).isEmpty();
    }

    @Test
    void processNameIsNotReadAsAKey() {
        // The kernel escapes a line break in a name.
        assertThat(ProcField.parse("Name:\tx\\nVmHWM: 1 kB\nVmHWM:\t2 kB\n", "VmHWM"))
                .hasValue(2048);
    }

    @Test
    void openFileIsReadAgain() throws IOException, MeterUnavailable {
        Path file = Files.writeString(folder.resolve("status"), "Name:\tx\nRssAnon:\t100 kB\n");
        try (ProcField status = ProcField.open(file, "RssAnon")) {
            Files.writeString(file, "Name:\tx\nRssAnon:\t 50 kB\n");
            assertThat(status.read()).isEqualTo(OptionalLong.of(50 * 1024));
            Files.writeString(file, "");
            assertThat(status.read()).isEmpty();
        }
    }

    @Test
    void reportsAMissingFileOrKey() throws IOException {
        Path file = folder.resolve("status");
        assertThatThrownBy(() -> ProcField.open(file, "RssAnon"))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("there is no " + file);
        Files.writeString(file, "Name:\tinit\n");
        assertThatThrownBy(() -> ProcField.open(file, "RssAnon"))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage(file + " has no RssAnon");
    }

    @Test
    void peakResidentNeedsAWritableReset() throws IOException {
        Path status = Files.writeString(folder.resolve("status"), "Name:\tx\nVmHWM:\t100 kB\n");
        assertThatThrownBy(() -> LinuxPeakResident.open(status, folder.resolve("clear_refs")))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("there is no");
        assertThatThrownBy(() -> LinuxPeakResident.open(status, folder))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("cannot be written");
    }
}
