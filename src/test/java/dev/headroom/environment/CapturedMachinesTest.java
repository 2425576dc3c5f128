package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Detection on machines whose files are in {@code src/test/resources}. */
class CapturedMachinesTest {
    private static final String MACHINES =
            """
            ubuntu-metal        | native-linux   | hardware=physical; !hypervisor; !container; !cpuset; \
                                                   cgroupVersion=2
            wsl1                | wsl1           | wsl=1; !wslKernel; !dxg; !cgroupVersion
            wsl2-stock-kernel   | wsl2           | wsl=2; wslKernel=stock; dxg=yes; hypervisor=Hyper-V; \
                                                   !container; !gpu
            wsl2-custom-kernel  | wsl2           | wsl=2; wslKernel=custom; dxg=yes; hypervisor=Hyper-V; !container
            docker              | container      | container=docker; hardware=physical; cpuQuotaCores=1.5; \
                                                   cpuset=0-1; memoryLimitMiB=4096; logicalCores=8; usableCores=2
            docker-desktop-wsl2 | container-wsl2 | container=docker-desktop; wslKernel=stock; dxg=no; \
                                                   memoryLimitMiB=4096
            docker-in-wsl2      | container-wsl2 | container=docker; wslKernel=stock; dxg=yes
            podman-root         | container      | container=podman; hardware=physical; !cpuQuotaCores; \
                                                   !memoryLimitMiB; cgroupVersion=2
            podman-rootless     | container      | container=podman; hardware=physical
            kubernetes-cgroup2  | container      | container=kubernetes; hardware=virtual; hypervisor=Amazon EC2; \
                                                   cpuQuotaCores=0.5; memoryLimitMiB=2048
            kvm-guest           | vm-linux       | hardware=virtual; hypervisor=KVM; !container; !gpu
            firecracker         | vm-linux       | hypervisor=Firecracker; !machine; !container; cgroupVersion=1; \
                                                   !cpuQuotaCores; !memoryLimitMiB; numaNodes=1
            gvisor              | gvisor         | sandbox=gVisor; kernel=4.4.0; hardware=virtual
            hyperv-guest        | vm-linux       | hypervisor=Hyper-V; \
                                                   machine=Microsoft Corporation Virtual Machine; !wsl; !dxg; \
                                                   !gpu
            windows11-wddm      | native-windows | gpu2=AMD Radeon RX 6600; gpu2DriverModel=WDDM; !gpu; !gpu3; \
                                                   hardware=physical
            macos-apple-silicon | native-macos   | gpu=Apple M2 Max; gpuMetal=Metal 3; gpuCores=38; gpuDisplay=active
            """;

    private final Path root;

    CapturedMachinesTest(@TempDir Path root) {
        this.root = root;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = MACHINES)
    void nameAndMainFacts(String machine, String name, String facts) {
        Environment environment = FakeMachine.captured(root, machine).detect();

        assertThat(environment.name()).isEqualTo(name);
        for (String fact : facts.split(";\\s+", -1)) {
            if (fact.startsWith("!")) {
                assertThat(environment.facts()).doesNotContainKey(fact.substring(1));
            } else {
                String[] both = fact.split("=", 2);
                assertThat(environment.facts()).containsEntry(both[0], both[1]);
            }
        }
    }

    @Test
    void everyCapturedMachineIsInTheTable() {
        assertThat(MACHINES.lines().map(line -> line.split(" ", 2)[0]).sorted().toList())
                .isEqualTo(FakeMachine.captured());
    }

    @Test
    void allFactsOfUbuntu() {
        assertThat(facts("ubuntu-metal"))
                .isEqualTo(
                        """
                        {os=Linux, kernel=6.8.0-45-generic, bootId=5f0c1d3e-8a52-4b7e-9c11-0d6a2f4b7e90,
                         distribution=Ubuntu 24.04.1 LTS, architecture=amd64,
                         hardware=physical, machine=ASUS System Product Name,
                         cpu=Intel(R) Core(TM) i7-7700K CPU @ 4.20GHz,
                         cpuFeatures=sse4_2 avx f16c fma avx2 bmi2, logicalCores=8, physicalCores=4, usableCores=8,
                         numaNodes=1, governor=powersave, cpuMaxMHz=4500, cgroupVersion=2, memoryTotalMiB=32012,
                         memoryAvailableMiB=23552, swapTotalMiB=8191, transparentHugepages=madvise,
                         transparentHugepageDefrag=madvise, hugepages=0, hugepageSizeKiB=2048, swappiness=60,
                         overcommitMemory=0, zswap=off, gpu=Intel 8086:5912 rev 04, gpuDriver=i915,
                         gpuDisplay=none, gpu2=AMD 1002:73bf rev c1, gpu2Driver=amdgpu, gpu2Display=active,
                         vulkanLoader=1.3.275,
                         vulkanDrivers=intel_icd.x86_64 1.3.274, radeon_icd.x86_64 1.3.274,
                         jvm=OpenJDK 64-Bit Server VM, jvmVersion=17.0.15+6, jvmVendor=Eclipse Adoptium}
                        """
                                .replace("\n", ""));
    }

    @Test
    void allFactsOfWindows11() {
        assertThat(facts("windows11-wddm"))
                .isEqualTo(
                        """
                        {os=Windows 11, kernel=10.0.22631.4317, architecture=amd64, hardware=physical,
                         machine=ASUS System Product Name, cpu=AMD Ryzen 9 5900X 12-Core Processor, logicalCores=24,
                         usableCores=24, memoryTotalMiB=16384, gpu2=AMD Radeon RX 6600,
                         gpu2Driver=32.0.11037.4004, gpu2DriverModel=WDDM,
                         jvm=OpenJDK 64-Bit Server VM, jvmVersion=17.0.15+6, jvmVendor=Eclipse Adoptium}
                        """
                                .replace("\n", ""));
    }

    @Test
    void allFactsOfMacOs() {
        assertThat(facts("macos-apple-silicon"))
                .isEqualTo(
                        """
                        {os=macOS 14.5, kernel=Darwin 23.5.0,
                         bootId=2D4B1F0A-6C1E-4E37-9B0C-7A5D3E9F8C21, architecture=aarch64, hardware=physical,
                         machine=Mac14,6,
                         cpu=Apple M2 Max, cpuFeatures=neon fp16 dotprod i8mm bf16, logicalCores=12, physicalCores=12,
                         usableCores=12, memoryTotalMiB=32768, swapTotalMiB=2048, gpu=Apple M2 Max, gpuCores=38,
                         gpuMetal=Metal 3, gpuDisplay=active,
                         jvm=OpenJDK 64-Bit Server VM, jvmVersion=17.0.15+6, jvmVendor=Eclipse Adoptium}
                        """
                                .replace("\n", ""));
        assertThat(Cpu.defaultThreads(
                        FakeMachine.captured(root, "macos-apple-silicon").machine()))
                .isEqualTo(8);
    }

    private String facts(String machine) {
        return FakeMachine.captured(root, machine).detect().facts().toString();
    }
}
