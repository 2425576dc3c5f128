package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checks offsets in structs of macOS and Windows against the order of the fields in their headers. */
class SystemStructsTest {
    /** Fields of {@code struct rusage_info_v4} behind the UUID, from macOS's sys/resource.h. All have 64 bits. */
    private static final List<String> RUSAGE_INFO_V4 = List.of(
            "ri_user_time",
            "ri_system_time",
            "ri_pkg_idle_wkups",
            "ri_interrupt_wkups",
            "ri_pageins",
            "ri_wired_size",
            "ri_resident_size",
            "ri_phys_footprint",
            "ri_proc_start_abstime",
            "ri_proc_exit_abstime",
            "ri_child_user_time",
            "ri_child_system_time",
            "ri_child_pkg_idle_wkups",
            "ri_child_interrupt_wkups",
            "ri_child_pageins",
            "ri_child_elapsed_abstime",
            "ri_diskio_bytesread",
            "ri_diskio_byteswritten",
            "ri_cpu_time_qos_default",
            "ri_cpu_time_qos_maintenance",
            "ri_cpu_time_qos_background",
            "ri_cpu_time_qos_utility",
            "ri_cpu_time_qos_legacy",
            "ri_cpu_time_qos_user_initiated",
            "ri_cpu_time_qos_user_interactive",
            "ri_billed_system_time",
            "ri_serviced_system_time",
            "ri_logical_writes",
            "ri_lifetime_max_phys_footprint",
            "ri_instructions",
            "ri_cycles",
            "ri_billed_energy",
            "ri_serviced_energy",
            "ri_interval_max_phys_footprint",
            "ri_runnable_time");

    /** Fields of {@code PROCESS_MEMORY_COUNTERS} behind two of 32 bits, from Windows's psapi.h. All have 64 bits. */
    private static final List<String> PROCESS_MEMORY_COUNTERS = List.of(
            "PeakWorkingSetSize",
            "WorkingSetSize",
            "QuotaPeakPagedPoolUsage",
            "QuotaPagedPoolUsage",
            "QuotaPeakNonPagedPoolUsage",
            "QuotaNonPagedPoolUsage",
            "PagefileUsage",
            "PeakPagefileUsage");

    /** A struct in which each field holds its number, starting from 1. */
    private static Memory filled(int head, List<String> fields) {
        Memory struct = new Memory(head + 8L * fields.size());
        struct.clear();
        for (int i = 0; i < fields.size(); i++) {
            struct.setLong(head + 8L * i, i + 1);
        }
        return struct;
    }

    @Test
    void readsTheFootprintOfMacOs() {
        Memory info = filled(16, RUSAGE_INFO_V4);
        assertThat(info.size()).isEqualTo(MacFootprint.SIZE);
        assertThat(MacFootprint.now(info)).isEqualTo(1 + RUSAGE_INFO_V4.indexOf("ri_phys_footprint"));
        assertThat(MacFootprint.lifetimePeak(info))
                .isEqualTo(1 + RUSAGE_INFO_V4.indexOf("ri_lifetime_max_phys_footprint"));
    }

    @Test
    void readsTheWorkingSetOfWindows() {
        Memory counters = filled(8, PROCESS_MEMORY_COUNTERS);
        assertThat(counters.size()).isEqualTo(WindowsWorkingSet.SIZE);
        assertThat(WindowsWorkingSet.now(counters)).isEqualTo(1 + PROCESS_MEMORY_COUNTERS.indexOf("WorkingSetSize"));
        assertThat(WindowsWorkingSet.peak(counters))
                .isEqualTo(1 + PROCESS_MEMORY_COUNTERS.indexOf("PeakWorkingSetSize"));
    }

    /** The handle is {@code (HANDLE) -1}. Without its upper 32 bits it would be invalid. */
    @Test
    void currentProcessHandleHasAllBitsSet() {
        assertThat(Pointer.nativeValue(WindowsWorkingSet.CURRENT_PROCESS)).isEqualTo(-1L);
    }
}
