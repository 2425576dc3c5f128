package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Uses texts in the documented form: kernel documentation, "DRM client usage stats", and the pages of the drivers. */
class DrmProcessTest {
    private static final String AMDGPU =
            """
            pos:\t0
            flags:\t02100002
            mnt_id:\t26
            ino:\t617
            drm-driver:\tamdgpu
            drm-client-id:\t7845
            drm-pdev:\t0000:03:00.0
            pasid:\t32818
            drm-total-cpu:\t0
            drm-resident-cpu:\t0
            drm-total-gtt:\t13376 KiB
            drm-shared-gtt:\t0
            drm-resident-gtt:\t13376 KiB
            drm-total-vram:\t9000 MiB
            drm-shared-vram:\t0
            drm-active-vram:\t0
            drm-resident-vram:\t8705 MiB
            drm-purgeable-vram:\t0
            drm-memory-vram:\t8704 MiB
            drm-memory-gtt: \t13376 KiB
            drm-engine-gfx:\t1234567 ns
            """;

    private static final String OLD_AMDGPU =
            """
            drm-driver:\tamdgpu
            drm-pdev:\t0000:03:00.0
            drm-client-id:\t12
            drm-memory-vram:\t2048 KiB
            drm-memory-gtt:\t100 KiB
            """;

    private static final String XE =
            """
            drm-driver:\txe
            drm-client-id:\t3
            drm-pdev:\t0000:03:00.0
            drm-total-system:\t512
            drm-resident-system:\t512
            drm-total-vram0:\t21 MiB
            drm-resident-vram0:\t20 MiB
            drm-resident-vram1:\t4096
            drm-cycles-rcs:\t28257900
            """;

    private static final String I915 =
            """
            drm-driver: i915
            drm-pdev: 0000:03:00.0
            drm-client-id: 9
            drm-resident-system0: 8 MiB
            drm-resident-local0: 3 MiB
            drm-resident-stolen-local0: 1 MiB
            """;

    /** The example of the kernel's documentation of xe. */
    private static final String XE_EXAMPLE =
            """
            pos:    0
            flags:  0100002
            mnt_id: 26
            ino:    685
            drm-driver:     xe
            drm-client-id:  3
            drm-pdev:       0000:03:00.0
            drm-total-system:       0
            drm-shared-system:      0
            drm-active-system:      0
            drm-resident-system:    0
            drm-purgeable-system:   0
            drm-total-gtt:  192 KiB
            drm-shared-gtt: 0
            drm-active-gtt: 0
            drm-resident-gtt:       192 KiB
            drm-total-vram0:        23992 KiB
            drm-shared-vram0:       16 MiB
            drm-active-vram0:       0
            drm-resident-vram0:     23992 KiB
            drm-total-stolen:       0
            drm-shared-stolen:      0
            drm-active-stolen:      0
            drm-resident-stolen:    0
            drm-cycles-rcs: 28257900
            drm-total-cycles-rcs:   7655183225
            drm-engine-capacity-vcs:        2
            """;

    /** i915 on a chip without own memory: the example of proc_pid_fdinfo(5). */
    private static final String I915_CHIP =
            """
            pos: 0
            flags: 02100002
            mnt_id: 26
            ino: 284
            drm-driver: i915
            drm-client-id: 39
            drm-pdev: 0000:03:00.0
            drm-total-system0: 6044 KiB
            drm-shared-system0: 0
            drm-active-system0: 0
            drm-resident-system0: 6044 KiB
            drm-purgeable-system0: 1688 KiB
            drm-total-stolen-system0: 0
            drm-shared-stolen-system0: 0
            drm-active-stolen-system0: 0
            drm-resident-stolen-system0: 0
            drm-purgeable-stolen-system0: 0
            drm-engine-render: 346249 ns
            """;

    /** A desktop program on a Radeon, published by a user of amdgpu_top in 2024. */
    private static final String AMDGPU_2024 =
            """
            pos:    0
            flags:  02104002
            mnt_id: 24
            ino:    614
            pasid:  32784
            drm-driver:     amdgpu
            drm-pdev:       0000:08:00.0
            drm-client-id:  217
            drm-memory-vram:        2068 KiB
            drm-memory-gtt:         8192 KiB
            drm-memory-cpu:         0 KiB
            drm-engine-gfx: 107322799 ns
            """;

    @Test
    void readsTheTextOfARealCard() {
        assertThat(DrmProcess.bytes(List.of(AMDGPU_2024), "0000:08:00.0", DrmProcess.Reading.CARD))
                .hasValue(2068 << 10);
        assertThat(DrmProcess.bytes(List.of(AMDGPU_2024), "0000:08:00.0", DrmProcess.Reading.SYSTEM))
                .hasValue(8192 << 10);
        assertThat(DrmProcess.bytes(List.of(AMDGPU_2024), "0000:03:00.0", DrmProcess.Reading.CARD))
                .isEmpty();
    }

    @Test
    void residentIsPreferredToMemory() {
        assertThat(onCard(AMDGPU)).hasValue(8705L << 20);
        assertThat(onCard(OLD_AMDGPU)).hasValue(2048 << 10);
        assertThat(onCard(XE)).hasValue((20 << 20) + 4096);
        assertThat(onCard(I915)).hasValue(3 << 20);
        assertThat(onCard(XE_EXAMPLE)).hasValue(23_992 << 10);
    }

    @Test
    void sharedMemoryIsSystemMemoryOfACard() {
        assertThat(shared(AMDGPU)).hasValue(13_376 << 10);
        assertThat(shared(AMDGPU.replace("drm-resident-cpu:\t0", "drm-resident-cpu:\t24 KiB")))
                .hasValue(13_400 << 10);
        assertThat(shared(OLD_AMDGPU)).hasValue(100 << 10);
        assertThat(shared(XE)).hasValue(512);
        assertThat(shared(XE_EXAMPLE)).hasValue(192 << 10);
        assertThat(shared(I915)).hasValue(8 << 20);
        assertThat(shared(AMDGPU, OLD_AMDGPU)).hasValue(13_476 << 10);
    }

    /** All memory of such a chip is system memory, so none of it is a spill. */
    @Test
    void chipWithoutOwnMemoryHasNoSharedMemory() {
        assertThat(shared(I915_CHIP)).isEmpty();
        assertThat(onCard(I915_CHIP)).isEmpty();
        assertThat(shared(I915_CHIP, I915)).hasValue(8 << 20);
    }

    @Test
    void clientCountsOnceAndClientsAddUp() {
        assertThat(onCard(OLD_AMDGPU, OLD_AMDGPU)).hasValue(2048 << 10);
        assertThat(onCard(OLD_AMDGPU, OLD_AMDGPU.replace("id:\t12", "id:\t13"))).hasValue(4096 << 10);
    }

    @Test
    void otherCardsDoNotCount() {
        assertThat(DrmProcess.bytes(List.of(AMDGPU), "0000:04:00.0", DrmProcess.Reading.CARD))
                .isEmpty();
        assertThat(onCard(AMDGPU.replace("0000:03:00.0", "0000:04:00.0"), XE)).hasValue((20 << 20) + 4096);
    }

    /** A chip without own memory has only system memory. */
    @Test
    void memoryOfACardWithoutOwnMemoryIsAbsent() {
        assertThat(onCard(I915.replace("local0", "system1"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "drm-resident-vram",
                "drm-resident-vram:",
                "drm-resident-vram: KiB",
                "drm-resident-vram: -5 KiB",
                "drm-resident-vram: 5 GiB",
                "drm-resident-vram: 5KiB",
                "drm-resident-vram: 0x5",
                "drm-resident-vram: 99999999999999999999 MiB",
                "drm-resident-: 5 KiB",
                "drm-resident-vramp: 5 KiB",
                " drm-resident-vram: 5 KiB",
                "drm-total-vram: 5 KiB"
            })
    void malformedLinesAreAbsent(String line) {
        String text = "drm-pdev:\t0000:03:00.0\ndrm-client-id:\t1\n" + line + "\n";
        assertThat(onCard(text)).isEqualTo(OptionalLong.empty());
        assertThat(onCard(text + "drm-memory-vram: 7 KiB\n")).hasValue(7 << 10);
    }

    @Test
    void textWithoutClientOrCardIsAbsent() {
        assertThat(onCard("drm-pdev:\t0000:03:00.0\ndrm-memory-vram: 7 KiB\n")).isEmpty();
        assertThat(onCard("drm-pdev:\t\u0000\ndrm-client-id:\t1\ndrm-memory-vram: 7 KiB\n"))
                .isEmpty();
        assertThat(onCard("drm-client-id:\t1\ndrm-memory-vram: 7 KiB\n")).isEmpty();
    }

    private static OptionalLong onCard(String... texts) {
        return DrmProcess.bytes(List.of(texts), "0000:03:00.0", DrmProcess.Reading.CARD);
    }

    private static OptionalLong shared(String... texts) {
        return DrmProcess.bytes(List.of(texts), "0000:03:00.0", DrmProcess.Reading.SYSTEM);
    }
}
