package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.NativeLibrary;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The NVML meters against drivers as they come, played by {@code src/test/c/fake_nvml.c}. */
@EnabledOnOs(OS.LINUX)
class NvmlIT {
    private static final long GIB = 1L << 30;

    @Test
    void anOrdinaryCard() throws Exception {
        String library = FakeNvml.build("card", "CARDS=1");
        Nvml nvml = Nvml.open(List.of(library));
        Meter used = NvmlDevice.openUsed(nvml).get(0);
        assertThat(used.read()).hasValue(GIB);
        assertThat(used.card()).contains("0000:0a:00.0");
        assertThat(used.scope()).isEqualTo(Meter.Scope.DEVICE);

        Meter reserved = NvmlDevice.openReserved(Nvml.open(List.of(library))).get(0);
        assertThat(reserved.read()).hasValue(300L << 20);
        assertThat(reserved.semantics()).isEqualTo(Meter.Semantics.RESERVED);

        GpuEnergy energy = GpuEnergy.open(Nvml.open(List.of(library))).get(0);
        assertThat(energy.counting()).isTrue();
        assertThat(energy.joules()).as("not started").isEmpty();
        energy.start();
        assertThat(energy.joules()).hasValue(2.5);
        assertThat(energy.read()).hasValue(75_000);

        assertThat(initialised(library)).isEqualTo(3);
        used.close();
        used.close();
        reserved.close();
        energy.close();
        assertThat(initialised(library)).isZero();
    }

    @Test
    void anOldDriver() throws Exception {
        String library = FakeNvml.build("old", "OLD", "PROCESS=4096");
        Meter used = NvmlDevice.openUsed(Nvml.open(List.of(library))).get(0);
        assertThat(used.read()).hasValue(GIB);
        assertThat(used.card()).contains("0000:0a:00.0");

        Nvml nvml = Nvml.open(List.of(library));
        assertThatThrownBy(() -> NvmlDevice.openReserved(nvml))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("this NVIDIA driver does not tell it");

        Meter process = NvmlProcess.open(Nvml.open(List.of(library))).get(0);
        call(library, "fake_list", 1);
        assertThat(process.read()).as("records of the first version").hasValue(4096);

        GpuEnergy energy = GpuEnergy.open(Nvml.open(List.of(library))).get(0);
        assertThat(energy.counting()).isFalse();
        energy.start();
        assertThat(energy.joules()).isEmpty();
        assertThat(energy.read()).hasValue(75_000);
    }

    @Test
    void memoryOfTheProcess() throws Exception {
        String library = FakeNvml.build("process", "PROCESS=(2*GIB)", "DRAWS");
        Meter process = NvmlProcess.open(Nvml.open(List.of(library))).get(0);
        assertThat(process.read()).as("not listed, and never was").isEmpty();
        call(library, "fake_list", 1);
        assertThat(process.read()).as("the larger of two lists").hasValue(2 * GIB);
        call(library, "fake_list", 0);
        assertThat(process.read()).as("listed before, not any more").hasValue(0);
    }

    @Test
    void memoryOfTheProcessThatIsNotAvailable() throws Exception {
        for (String bytes : List.of("~0ULL", "0", "(TOTAL+1)")) {
            String library = FakeNvml.build("unavailable" + bytes.length(), "PROCESS=" + bytes);
            Meter process = NvmlProcess.open(Nvml.open(List.of(library))).get(0);
            call(library, "fake_list", 1);
            assertThat(process.read()).as(bytes).isEmpty();
        }
    }

    @Test
    void aProcessNumberThatIsTakenOutsideOfTheContainer() throws Exception {
        String library = FakeNvml.build("taken", "PROCESS=4096");
        Nvml nvml = Nvml.open(List.of(library));
        call(library, "fake_list", 1);
        assertThatThrownBy(() -> NvmlProcess.open(nvml))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("is another one");
        assertThat(initialised(library)).isZero();
    }

    @Test
    void twoCards() throws Exception {
        String library = FakeNvml.build("two", "CARDS=2");
        List<Meter> meters = NvmlDevice.openUsed(Nvml.open(List.of(library)));
        assertThat(meters).hasSize(2);
        assertThat(Meters.of(meters, "vram.peak", Optional.of("0000:0b:00.0"))
                        .orElseThrow()
                        .read())
                .hasValue(2 * GIB);
    }

    @Test
    void aStubIsPassedOver() throws Exception {
        String stub = FakeNvml.build("stub", "STUB");
        String library = FakeNvml.build("behind-stub", "CARDS=1");
        assertThatThrownBy(() -> Nvml.open(List.of("/nowhere/libnvidia-ml.so.1", stub)))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage(stub + " is there and says Driver Not Loaded (no driver, or only a stub)");
        assertThat(NvmlDevice.openUsed(Nvml.open(List.of(stub, library)))).hasSize(1);
    }

    @Test
    void aLibraryThatIsNoNvml() {
        assertThatThrownBy(() -> Nvml.open(List.of("libm.so.6")))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("libm.so.6 is no NVML");
        assertThatThrownBy(() -> Nvml.open(List.of("libnowhere.so.1")))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("there is no NVIDIA driver (tried libnowhere.so.1)");
    }

    @Test
    void valuesAboveTheTotalAreNone() throws Exception {
        String library = FakeNvml.build("above", "ABOVE_TOTAL");
        assertThatThrownBy(() -> NvmlDevice.openUsed(Nvml.open(List.of(library))))
                .isInstanceOf(MeterUnavailable.class);
        assertThat(initialised(library)).isZero();
    }

    @Test
    void aCardThatIsLost() throws Exception {
        String library = FakeNvml.build("lost", "CARDS=1");
        Meter used = NvmlDevice.openUsed(Nvml.open(List.of(library))).get(0);
        assertThat(used.read()).isPresent();
        call(library, "fake_lose");
        assertThat(used.read()).isEmpty();
    }

    private static int initialised(String library) {
        return call(library, "fake_initialised");
    }

    private static int call(String library, String function, Object... arguments) {
        return NativeLibrary.getInstance(library).getFunction(function).invokeInt(arguments);
    }
}
