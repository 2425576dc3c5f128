package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import com.sun.jna.NativeLibrary;
import dev.headroom.result.Metric;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Tests the NVML meters against the fake driver {@code src/test/c/fake_nvml.c}. */
@EnabledOnOs(OS.LINUX)
class NvmlIT {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    @Test
    void readsAllGaugesOfOneCard() throws Exception {
        String library = FakeNvml.build("card", "CARDS=1");
        Nvml nvml = open(library);
        Meter used = used(nvml).get(0);
        assertThat(used.read()).hasValue(GIB);
        assertThat(used.card()).contains("0000:0a:00.0");
        assertThat(used.signal().scope()).isEqualTo(Meter.Scope.DEVICE);

        Meter reserved = reserved(open(library)).get(0);
        assertThat(reserved.read()).hasValue(300L << 20);
        assertThat(reserved.signal().semantics()).isEqualTo(Meter.Semantics.RESERVED);

        List<Sensor> sensors = NvmlSensor.open(open(library));
        assertThat(sensors)
                .extracting(Gauge::metric)
                .containsExactly(
                        Metric.GPU_ENERGY,
                        Metric.GPU_POWER,
                        Metric.GPU_CLOCK_SM,
                        Metric.GPU_CLOCK_MEMORY,
                        Metric.GPU_UTILIZATION,
                        Metric.GPU_UTILIZATION_MEMORY,
                        Metric.GPU_TEMPERATURE,
                        Metric.GPU_THROTTLED,
                        Metric.GPU_THROTTLED_HEAT);
        assertThat(sensors).allSatisfy(sensor -> assertThat(sensor.card()).isEqualTo(used.card()));

        assertThat(initialised(library)).isEqualTo(3);
        used.close();
        used.close();
        reserved.close();
        sensors.get(0).close();
        assertThat(initialised(library)).isZero();
    }

    @Test
    void oldDriverFallsBackToOlderFunctions() throws Exception {
        String library = FakeNvml.build("old", "OLD", "PROCESS=4096");
        Meter used = used(open(library)).get(0);
        assertThat(used.read()).hasValue(GIB);
        assertThat(used.card()).contains("0000:0a:00.0");

        Nvml nvml = open(library);
        assertThatThrownBy(() -> reserved(nvml))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("this NVIDIA driver does not report it");

        Meter process = NvmlProcess.open(open(library)).get(0);
        call(library, "fake_list", 1);
        assertThat(process.read()).as("first version of the struct").hasValue(4096);

        List<Sensor> sensors = NvmlSensor.open(open(library));
        assertThat(sensors).extracting(Gauge::metric).doesNotContain(Metric.GPU_ENERGY);
        assertThat(measured(sensors, Metric.GPU_POWER, 1)).hasValue(75);
        assertThat(measured(sensors, Metric.GPU_THROTTLED, 1))
                .as("old name of the function")
                .hasValue(0);
    }

    @Test
    void energyAndPowerComeFromTheEnergyCounter() throws Exception {
        String library = FakeNvml.build("energy", "CARDS=1");
        List<Sensor> sensors = NvmlSensor.open(open(library));
        Sensor energy = sensor(sensors, Metric.GPU_ENERGY);
        Sensor power = sensor(sensors, Metric.GPU_POWER);
        assertThat(energy.read()).as("not reset yet").isEmpty();
        assertThat(power.read()).as("not reset yet").isEmpty();
        ((Resettable) energy).reset();
        ((Resettable) power).reset();
        Thread.sleep(1000);
        assertThat(value(power, power.read()).orElseThrow()).as("75 W").isBetween(25.0, 225.0);
        call(library, "fake_advance", 1_000_000);
        assertThat(value(energy, energy.read()).orElseThrow())
                .as("75 W, 1001 s")
                .isBetween(75_075.0, 76_000.0);
    }

    @Test
    void readsClocksUtilizationTemperatureAndThrottling() throws Exception {
        String library = FakeNvml.build("throttled", "THROTTLE=(nanos()/1000000<100000?0x01:0x24)");
        List<Sensor> sensors = NvmlSensor.open(open(library));
        assertThat(measured(sensors, Metric.GPU_CLOCK_SM, 2)).hasValue(1500);
        assertThat(measured(sensors, Metric.GPU_CLOCK_MEMORY, 2)).hasValue(9500);
        assertThat(measured(sensors, Metric.GPU_UTILIZATION, 2)).hasValue(97);
        assertThat(measured(sensors, Metric.GPU_UTILIZATION_MEMORY, 2)).hasValue(41);
        assertThat(measured(sensors, Metric.GPU_TEMPERATURE, 2)).hasValue(61);

        Sensor throttled = sensor(sensors, Metric.GPU_THROTTLED);
        OptionalLong idle = throttled.read();
        assertThat(throttled.remark()).isEmpty();
        call(library, "fake_advance", 100_000);
        assertThat(value(throttled, idle, throttled.read(), throttled.read(), throttled.read()))
                .hasValue(75);
        assertThat(throttled.remark()).contains("the GPU was throttled: power cap, thermal slowdown");
        assertThat(measured(sensors, Metric.GPU_THROTTLED_HEAT, 1)).hasValue(100);
        assertThat(sensor(sensors, Metric.GPU_THROTTLED_HEAT).remark()).isEmpty();
    }

    @Test
    void powerCapIsNotHeat() throws Exception {
        List<Sensor> sensors = NvmlSensor.open(open(FakeNvml.build("capped", "THROTTLE=0x04")));
        assertThat(measured(sensors, Metric.GPU_THROTTLED, 1)).hasValue(100);
        assertThat(measured(sensors, Metric.GPU_THROTTLED_HEAT, 1)).hasValue(0);
    }

    @Test
    void countsComputeProcessesOfOthers() throws Exception {
        for (String driver : List.of("CARDS=2", "OLD")) {
            String library = FakeNvml.build("processes-" + driver, driver);
            try (Nvml nvml = open(library)) {
                assertThat(NvmlProcess.computeProcesses(nvml)).as(driver).hasValue(1);
                call(library, "fake_list", 1);
                assertThat(NvmlProcess.computeProcesses(nvml)).as(driver).hasValue(2);
                call(library, "fake_lose");
                assertThat(NvmlProcess.computeProcesses(nvml)).as(driver).isEmpty();
            }
            assertThat(initialised(library)).isZero();
        }
    }

    @Test
    void accountingReportsThePeakOfTheProcess() throws Exception {
        String library = FakeNvml.build("accounting", "ACCOUNTING=(3*GIB)", "PROCESS=GIB");
        Meter peak = NvmlAccounting.open(open(library)).get(0);
        assertThat(peak.metric()).isEqualTo(Metric.VRAM_PROCESS_PEAK);
        assertThat(peak.read()).as("not listed yet").isEmpty();
        call(library, "fake_list", 1);
        assertThat(peak.read()).hasValue(3 * GIB);
        Nvml again = open(library);
        assertThatThrownBy(() -> NvmlAccounting.open(again))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("is not this one");
    }

    @Test
    void invalidAccountingIsAbsent() throws Exception {
        for (String[] macros : List.of(
                new String[] {"ACCOUNTING=~0ULL"},
                new String[] {"ACCOUNTING=0"},
                new String[] {"ACCOUNTING=(TOTAL+1)"},
                new String[] {"ACCOUNTING=GIB", "ENDED"})) {
            String what = String.join(" ", macros);
            String library = FakeNvml.build("not-accounted" + what.length(), macros);
            Meter peak = NvmlAccounting.open(open(library)).get(0);
            call(library, "fake_list", 1);
            assertThat(peak.read()).as(what).isEmpty();
        }
        Nvml nvml = open(FakeNvml.build("card", "CARDS=1"));
        assertThatThrownBy(() -> NvmlAccounting.open(nvml))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("accounting is off in the NVIDIA driver: enable it with nvidia-smi --accounting-mode=1");
    }

    @Test
    void underMigReadsThePartThatCudaUses() throws Exception {
        String library = FakeNvml.build("mig", "MIG=3", "CARDS=2", "PROCESS=GIB");
        List<Meter> firsts = used(open(library));
        assertThat(firsts)
                .extracting(Meter::read)
                .containsExactly(OptionalLong.of(256 * MIB), OptionalLong.of(256 * MIB));
        assertThat(firsts)
                .extracting(Meter::card)
                .containsExactly(Optional.of("0000:0a:00.0"), Optional.of("0000:0b:00.0"));

        CudaDevices named = new CudaDevices("MIG-12", null);
        Nvml nvml = Nvml.open(List.of(library), named);
        assertThat(used(nvml))
                .extracting(Meter::read)
                .containsExactly(OptionalLong.of(256 * MIB), OptionalLong.of(768 * MIB));
        assertThat(NvidiaCard.facts(nvml))
                .containsEntry("gpu", "Fake GPU MIG 1g.5gb")
                .containsEntry("gpuUuid", "MIG-00000000-0000-0000-0000-000000000000")
                .containsEntry("gpu2Uuid", "MIG-12000000-0000-0000-0000-000000000000");

        Meter process = NvmlProcess.open(open(library)).get(0);
        call(library, "fake_list", 1);
        assertThat(process.read())
                .as("a part has no list of graphics processes")
                .hasValue(GIB);
        assertThat(measured(NvmlSensor.open(open(library)), Metric.GPU_TEMPERATURE, 1))
                .as("value of the whole card")
                .hasValue(61);
    }

    @Test
    void undividedCardIsReadAsAWhole() throws Exception {
        Nvml nvml = open(FakeNvml.build("card", "CARDS=1"));
        assertThat(used(nvml).get(0).read()).hasValue(GIB);
        assertThat(NvidiaCard.facts(nvml))
                .containsExactly(
                        entry("gpuDriver", "570.00"),
                        entry("gpuCuda", "12.8"),
                        entry("gpu", "Fake GPU"),
                        entry("gpuUuid", "GPU-00000000-0000-0000-0000-000000000000"),
                        entry("gpuPowerLimitW", "450"),
                        entry("gpuPersistence", "on"),
                        entry("gpuPcieGeneration", "4"),
                        entry("gpuPcieWidth", "16"));
    }

    @Test
    void reportsTheDisplayState() throws Exception {
        for (String display : List.of("0 none", "1 connected", "2 active")) {
            String number = display.substring(0, 1);
            assertThat(NvidiaCard.facts(open(FakeNvml.build("display" + number, "DISPLAY=" + number))))
                    .containsEntry("gpuDisplay", display.substring(2));
        }
    }

    @Test
    void reportsTheDriverModelOfWindows() throws Exception {
        for (String model : List.of("0 WDDM", "1 TCC", "2 MCDM")) {
            String number = model.substring(0, 1);
            assertThat(NvidiaCard.facts(open(FakeNvml.build("model" + number, "DRIVER_MODEL=" + number))))
                    .containsEntry("gpuDriverModel", model.substring(2));
        }
        assertThat(NvidiaCard.facts(open(FakeNvml.build("old-model", "OLD", "DRIVER_MODEL=1"))))
                .containsEntry("gpuDriverModel", "TCC")
                .containsEntry("gpuDriver", "418.00")
                .doesNotContainKeys("gpuCuda", "gpuPowerLimitW", "gpuPersistence", "gpuPcieWidth");
        assertThat(NvidiaCard.facts(open(FakeNvml.build("unknown-model", "DRIVER_MODEL=9"))))
                .doesNotContainKey("gpuDriverModel");
    }

    @Test
    void followsMemoryUntilTheCardIsLost() throws Exception {
        String library = FakeNvml.build("timeline", "TIMELINE=\"0:100,100000:700\"", "CARDS=2", "LOST_AT=200000");
        List<Meter> used = used(open(library));
        assertThat(used.get(0).read()).hasValue(100 * MIB);
        call(library, "fake_advance", 100_000);
        assertThat(used).extracting(Meter::read).containsExactly(OptionalLong.of(700 * MIB), OptionalLong.of(2 * GIB));
        call(library, "fake_advance", 100_000);
        assertThat(used).extracting(Meter::read).containsOnly(OptionalLong.empty());
    }

    @Test
    void processMemoryIsTheLargerOfBothLists() throws Exception {
        String library = FakeNvml.build("process", "PROCESS=(2*GIB)", "DRAWS");
        Meter process = NvmlProcess.open(open(library)).get(0);
        assertThat(process.read()).as("never listed").isEmpty();
        call(library, "fake_list", 1);
        assertThat(process.read()).as("larger of both lists").hasValue(2 * GIB);
        call(library, "fake_list", 0);
        assertThat(process.read()).as("no longer listed").hasValue(0);
    }

    @Test
    void invalidProcessMemoryIsAbsent() throws Exception {
        for (String bytes : List.of("~0ULL", "0", "(TOTAL+1)")) {
            String library = FakeNvml.build("unavailable" + bytes.length(), "PROCESS=" + bytes);
            Meter process = NvmlProcess.open(open(library)).get(0);
            call(library, "fake_list", 1);
            assertThat(process.read()).as(bytes).isEmpty();
        }
    }

    @Test
    void processIdOfAnotherProcessIsRefused() throws Exception {
        String library = FakeNvml.build("taken", "PROCESS=4096");
        Nvml nvml = open(library);
        call(library, "fake_list", 1);
        assertThatThrownBy(() -> NvmlProcess.open(nvml))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessageContaining("is not this one");
        assertThat(initialised(library)).isZero();
    }

    @Test
    void findsTheMeterOfACard() throws Exception {
        String library = FakeNvml.build("two", "CARDS=2");
        List<Meter> meters = used(open(library));
        assertThat(meters).hasSize(2);
        assertThat(Meters.of(meters, Metric.VRAM_PEAK, "0000:0b:00.0")
                        .orElseThrow()
                        .read())
                .hasValue(2 * GIB);
    }

    @Test
    void stubLibraryIsSkipped() throws Exception {
        String stub = FakeNvml.build("stub", "STUB");
        String library = FakeNvml.build("behind-stub", "CARDS=1");
        assertThatThrownBy(() -> open("/nowhere/libnvidia-ml.so.1", stub))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage(stub + " cannot be initialised: Driver Not Loaded (no driver, or a stub)");
        assertThat(used(open(stub, library))).hasSize(1);
    }

    @Test
    void namesLibrariesThatCannotBeUsed() {
        assertThatThrownBy(() -> open("libm.so.6"))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("libm.so.6 is not NVML");
        assertThatThrownBy(() -> open("libnowhere.so.1"))
                .isInstanceOf(MeterUnavailable.class)
                .hasMessage("there is no NVIDIA driver (tried libnowhere.so.1)");
    }

    @Test
    void memoryAboveTheTotalIsAbsent() throws Exception {
        String library = FakeNvml.build("above", "ABOVE_TOTAL");
        assertThatThrownBy(() -> used(open(library))).isInstanceOf(MeterUnavailable.class);
        assertThat(initialised(library)).isZero();
    }

    @Test
    void lostDeviceIsAbsent() throws Exception {
        String library = FakeNvml.build("lost", "CARDS=1");
        Meter used = used(open(library)).get(0);
        assertThat(used.read()).isPresent();
        List<Sensor> sensors = NvmlSensor.open(open(library));
        call(library, "fake_lose");
        assertThat(used.read()).isEmpty();
        assertThat(sensors).allSatisfy(sensor -> assertThat(sensor.read()).isEmpty());
    }

    private static List<Meter> used(Nvml nvml) throws MeterUnavailable {
        return NvmlDevice.open(nvml, NvmlDevice.Reading.USED);
    }

    private static List<Meter> reserved(Nvml nvml) throws MeterUnavailable {
        return NvmlDevice.open(nvml, NvmlDevice.Reading.RESERVED);
    }

    private static Nvml open(String... libraries) throws MeterUnavailable {
        return Nvml.open(List.of(libraries), new CudaDevices(null, null));
    }

    private static Sensor sensor(List<Sensor> sensors, Metric metric) {
        return sensors.stream()
                .filter(sensor -> sensor.metric() == metric)
                .findFirst()
                .orElseThrow();
    }

    private static OptionalDouble measured(List<Sensor> sensors, Metric metric, int readings) {
        Sensor sensor = sensor(sensors, metric);
        return value(sensor, Stream.generate(sensor::read).limit(readings).toArray(OptionalLong[]::new));
    }

    private static OptionalDouble value(Sensor sensor, OptionalLong... readings) {
        Series series = new Series(0);
        for (int i = 0; i < readings.length; i++) {
            series.add(i, readings[i].orElseThrow());
        }
        return sensor.value(series);
    }

    private static int initialised(String library) {
        return call(library, "fake_initialised");
    }

    private static int call(String library, String function, Object... arguments) {
        return NativeLibrary.getInstance(library).getFunction(function).invokeInt(arguments);
    }
}
