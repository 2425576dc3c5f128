package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MemorySettingsTest {
    @Test
    void choiceInBracketsIsParsed() {
        assertThat(MemorySettings.chosen("always [madvise] never\n")).hasValue("madvise");
        assertThat(MemorySettings.chosen("always defer [defer+madvise] madvise never\n"))
                .hasValue("defer+madvise");
        assertThat(MemorySettings.chosen("always madvise never\n")).isEmpty();
        assertThat(MemorySettings.chosen("[]")).isEmpty();
        assertThat(MemorySettings.chosen("")).isEmpty();
    }

    @Test
    void onlyZramIsSummedUp() {
        String head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority";
        String zram = "/dev/zram0                              partition\t8388604\t\t0\t\t100";

        assertThat(MemorySettings.zramSwapMiB(List.of(head, zram, "/swapfile file\t\t1048576\t0\t-2")))
                .hasValue(8191L);
        assertThat(MemorySettings.zramSwapMiB(List.of(head, "/swapfile file\t\t1048576\t0\t-2")))
                .as("no zram")
                .isEmpty();
        assertThat(MemorySettings.zramSwapMiB(List.of("/dev/zram0 partition x")))
                .isEmpty();
    }
}
