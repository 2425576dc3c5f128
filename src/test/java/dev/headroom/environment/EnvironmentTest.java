package dev.headroom.environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentTest {
    private static final String ID = "4f5c8a4d2b0e9d7c6a1b3f5e7d9c0b2a4f6e8d0c1b3a5f7e9d2c4b6a8f0e1d3c";
    private static final String DOCKER_MOUNTS =
            """
            647 541 0:52 / / rw,relatime master:237 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B,upperdir=/var/lib/docker/overlay2/x/diff,workdir=/var/lib/docker/overlay2/x/work
            648 647 0:55 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
            652 651 0:28 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate
            655 647 259:2 /var/lib/docker/containers/ID/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/nvme0n1p2 rw
            656 647 259:2 /var/lib/docker/containers/ID/hostname /etc/hostname rw,relatime - ext4 /dev/nvme0n1p2 rw
            657 647 259:2 /var/lib/docker/containers/ID/hosts /etc/hosts rw,relatime - ext4 /dev/nvme0n1p2 rw
            """
                    .replace("ID", ID);

    private final Path root;

    EnvironmentTest(@TempDir Path root) {
        this.root = root;
    }

    private FakeMachine metal() {
        return FakeMachine.linux(root, "6.8.0-45-generic")
                .file("proc/version", "Linux version 6.8.0-45-generic (buildd@lcy02-amd64-115) #45-Ubuntu SMP\n")
                .file(
                        "etc/os-release",
                        "NAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nPRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nID=ubuntu\n")
                .file("proc/meminfo", "MemTotal:       32780992 kB\nMemFree: 1 kB\nSwapTotal:       8388604 kB\n")
                .file("proc/self/cgroup", "0::/user.slice/user-1000.slice/session-2.scope\n")
                .file("proc/1/cgroup", "0::/init.scope\n")
                .file("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n")
                .file("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "4500000\n")
                .desktopCpu("")
                .dmi("ASUS", "System Product Name");
    }

    @Test
    void ubuntuOnMetal() {
        Environment environment = metal().detect();

        assertThat(environment.name()).isEqualTo("native-linux");
        assertThat(environment.facts().toString())
                .isEqualTo("{os=Linux, kernel=6.8.0-45-generic, distribution=Ubuntu 24.04.1 LTS, architecture=amd64,"
                        + " hardware=physical, machine=ASUS System Product Name,"
                        + " cpu=Intel(R) Core(TM) i7-7700K CPU @ 4.20GHz, logicalCores=8, physicalCores=4,"
                        + " usableCores=8, memoryTotalMiB=32012, swapTotalMiB=8191, governor=powersave,"
                        + " cpuMaxMHz=4500, jvm=OpenJDK 64-Bit Server VM, jvmVersion=17.0.15+6,"
                        + " jvmVendor=Eclipse Adoptium}");
    }

    @Test
    void metalIsNotClaimedWithoutFirmware() {
        assertThat(metal().dmi("", "").detect().name()).isEqualTo("unknown-linux");
    }

    @Test
    void metalIsNotClaimedWithoutProcessorFlags() {
        assertThat(metal().dmi("Some Maker", "X")
                        .file("proc/cpuinfo", "")
                        .detect()
                        .name())
                .isEqualTo("unknown-linux");
    }

    @Test
    void metalIsNotClaimedInASandbox() {
        Environment bwrap =
                metal().link("proc/self/ns/user", "user:[4026532900]").detect();

        assertThat(bwrap.name()).isEqualTo("unknown-linux");
        assertThat(bwrap.facts()).doesNotContainKey("container");
        assertThat(metal().link("proc/self/ns/pid", "nonsense").detect().name()).isEqualTo("unknown-linux");
    }

    @Test
    void whatAnImageLeftBehindMakesNoContainer() {
        assertThat(metal().file(".dockerenv", "").detect().name()).isEqualTo("native-linux");
    }

    @Test
    void raspberryPi() {
        Environment pi = FakeMachine.linux(root, "6.6.31+rpt-rpi-2712")
                .property("os.arch", "aarch64")
                .file("proc/cpuinfo", "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd\nCPU part\t: 0xd0b\n")
                .file("proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
                .file("proc/device-tree/compatible", "raspberrypi,5-model-b\0brcm,bcm2712\0")
                .detect();

        assertThat(pi.name()).isEqualTo("native-linux");
        assertThat(pi.facts())
                .containsEntry("machine", "Raspberry Pi 5 Model B Rev 1.0")
                .doesNotContainKeys("cpu", "physicalCores");
    }

    @Test
    void virtualArm() {
        Environment vm = FakeMachine.linux(root, "6.1.0")
                .file("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n")
                .file("proc/device-tree/compatible", "linux,dummy-virt\0")
                .detect();

        assertThat(vm.name()).isEqualTo("vm-linux");
    }

    @Test
    void armOfAnUnknownMakerIsUnknown() {
        assertThat(FakeMachine.linux(root, "6.1.0")
                        .file("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n")
                        .dmi("Google", "Google Compute Engine")
                        .detect()
                        .name())
                .isEqualTo("unknown-linux");
    }

    @Test
    void wsl1() {
        Environment environment = FakeMachine.linux(root, "4.4.0-19041-Microsoft")
                .file("proc/version", "Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) #3996-Microsoft\n")
                .variable("WSL_DISTRO_NAME", "Ubuntu")
                .desktopCpu("")
                .detect();

        assertThat(environment.name()).isEqualTo("wsl1");
        assertThat(environment.facts()).containsEntry("wsl", "1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"5.15.167.4-microsoft-standard-WSL2", "4.19.84-microsoft-standard", "6.6.36.3-WSL2-custom+"})
    void wsl2(String kernel) {
        Environment environment = FakeMachine.linux(root, kernel)
                .isolated()
                .file("run/systemd/container", "wsl\n")
                .file(
                        "sys/devices/system/clocksource/clocksource0/available_clocksource",
                        "hyperv_clocksource_tsc_page\n")
                .desktopCpu(" hypervisor")
                .detect();

        assertThat(environment.name()).isEqualTo("wsl2");
        assertThat(environment.facts())
                .containsEntry("wsl", "2")
                .containsEntry("hypervisor", "Hyper-V")
                .containsEntry("hardware", "virtual")
                .doesNotContainKey("container");
    }

    @Test
    void wsl2WithAKernelOfOnesOwn() {
        FakeMachine custom = FakeMachine.linux(root, "6.9.0-mine").isolated().desktopCpu(" hypervisor");

        assertThat(custom.file("dev/dxg", "").detect().name()).isEqualTo("unknown-linux");
        assertThat(custom.file("proc/sys/fs/binfmt_misc/WSLInterop", "enabled\n")
                        .detect()
                        .name())
                .isEqualTo("wsl2");
    }

    @Test
    void anImportedImageUnderWsl2IsNoContainer() {
        assertThat(FakeMachine.linux(root, "5.15.167.4-microsoft-standard-WSL2")
                        .isolated()
                        .file(".dockerenv", "")
                        .detect()
                        .name())
                .isEqualTo("wsl2");
    }

    @Test
    void dockerOnLinux() {
        Environment environment = metal().isolated()
                .file(".dockerenv", "")
                .file("proc/self/mountinfo", DOCKER_MOUNTS)
                .file("proc/1/cgroup", "0::/\n")
                .file("proc/self/cgroup", "0::/\n")
                .file("sys/fs/cgroup/memory.max", "4294967296\n")
                .processors(2)
                .detect();

        assertThat(environment.name()).isEqualTo("container");
        assertThat(environment.facts())
                .containsEntry("container", "docker")
                .containsEntry("hardware", "physical")
                .containsEntry("memoryLimitMiB", "4096")
                .containsEntry("logicalCores", "8")
                .containsEntry("usableCores", "2");
    }

    @Test
    void dockerWithCgroupsOfVersion1() {
        Environment environment = metal().isolated()
                .file(".dockerenv", "")
                .file("proc/1/cgroup", "12:memory:/docker/" + ID + "\n1:name=systemd:/docker/" + ID + "\n")
                .detect();

        assertThat(environment.facts()).containsEntry("container", "docker");
    }

    @Test
    void dockerDesktopOnWsl2() {
        Environment environment = FakeMachine.linux(root, "5.15.167.4-microsoft-standard-WSL2")
                .isolated()
                .file(".dockerenv", "")
                .file(
                        "proc/self/mountinfo",
                        """
                        1084 1039 8:48 /docker/containers/ID/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sdd rw
                        1085 1039 8:48 /docker/containers/ID/hostname /etc/hostname rw,relatime - ext4 /dev/sdd rw
                        1086 1039 8:48 /docker/containers/ID/hosts /etc/hosts rw,relatime - ext4 /dev/sdd rw
                        """
                                .replace("ID", ID))
                .desktopCpu(" hypervisor")
                .detect();

        assertThat(environment.name()).isEqualTo("container-wsl2");
        assertThat(environment.facts()).containsEntry("container", "docker").containsEntry("wsl", "2");
    }

    @Test
    void podman() {
        Environment environment = metal().isolated()
                .file("run/.containerenv", "engine=\"podman-4.9.3\"\nname=\"x\"\nrootless=1\n")
                .file("run/systemd/container", "oci")
                .detect();

        assertThat(environment.name()).isEqualTo("container");
        assertThat(environment.facts()).containsEntry("container", "podman");
    }

    @Test
    void kubernetesPodWithCgroup2() {
        Environment environment = metal().isolated()
                .variable("KUBERNETES_SERVICE_HOST", "10.96.0.1")
                .file("proc/1/cgroup", "0::/\n")
                .file("proc/self/cgroup", "0::/\n")
                .file(
                        "proc/self/mountinfo",
                        """
                        2001 1890 0:301 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs
                        2010 2001 0:30 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
                        2011 2001 259:1 /var/lib/kubelet/pods/0a1b/etc-hosts /etc/hosts rw,relatime - ext4 /dev/root rw
                        2013 2001 259:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/9f/hostname /etc/hostname rw,relatime - ext4 /dev/root rw
                        2016 2001 0:299 / /run/secrets/kubernetes.io/serviceaccount ro,relatime - tmpfs tmpfs rw
                        """)
                .file("sys/fs/cgroup/memory.max", "max\n")
                .detect();

        assertThat(environment.name()).isEqualTo("container");
        assertThat(environment.facts()).containsEntry("container", "kubernetes").doesNotContainKey("memoryLimitMiB");
    }

    @Test
    void aContainerOfAnUnknownRuntime() {
        Environment environment = metal().isolated()
                .file(
                        "proc/self/mountinfo",
                        """
                        655 647 259:2 /state/a1/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/nvme0n1p2 rw
                        657 647 259:2 /state/a1/hosts /etc/hosts rw,relatime - ext4 /dev/nvme0n1p2 rw
                        """)
                .detect();

        assertThat(environment.name()).isEqualTo("container");
        assertThat(environment.facts()).containsEntry("container", "not identified");
    }

    @Test
    void kvmGuest() {
        Environment environment = metal().dmi("QEMU", "Standard PC (Q35 + ICH9, 2009)")
                .file("sys/devices/system/clocksource/clocksource0/available_clocksource", "kvm-clock tsc acpi_pm\n")
                .desktopCpu(" hypervisor")
                .detect();

        assertThat(environment.name()).isEqualTo("vm-linux");
        assertThat(environment.facts())
                .containsEntry("hardware", "virtual")
                .containsEntry("hypervisor", "KVM")
                .containsEntry("machine", "QEMU Standard PC (Q35 + ICH9, 2009)");
    }

    @Test
    void dockerInAVirtualMachineSaysBoth() {
        Environment environment = metal().isolated()
                .desktopCpu(" hypervisor")
                .file("proc/self/mountinfo", DOCKER_MOUNTS)
                .detect();

        assertThat(environment.name()).isEqualTo("container");
        assertThat(environment.facts()).containsEntry("container", "docker").containsEntry("hardware", "virtual");
    }

    @Test
    void firecracker() {
        FakeMachine machine = FakeMachine.linux(root, "6.1.102")
                .file(".dockerenv", "")
                .file("sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc kvm-clock \n")
                .desktopCpu(" hypervisor");

        assertThat(machine.detect().name()).isEqualTo("vm-linux");
        assertThat(machine.detect().facts()).containsEntry("hypervisor", "KVM").doesNotContainKey("machine");
        assertThat(machine.file("sys/firmware/acpi/tables/FACP", "FACP\u0014\u0001\0\0\u0006fFIRECKFCVMFADT\0\0")
                        .detect()
                        .facts())
                .containsEntry("hypervisor", "Firecracker");
    }

    @Test
    void aVirtualMachineOfAnUnknownHypervisor() {
        Environment environment = metal().desktopCpu(" hypervisor").detect();

        assertThat(environment.name()).isEqualTo("vm-linux");
        assertThat(environment.facts()).doesNotContainKey("hypervisor");
    }

    @ParameterizedTest
    @CsvSource({"c5.metal, native-linux", "m5.metal-24xl, native-linux", "c5.large, vm-linux"})
    void ec2(String type, String name) {
        assertThat(metal().dmi("Amazon EC2", type).detect().name()).isEqualTo(name);
    }

    @Test
    void hyperVGuest() {
        Environment environment = metal().desktopCpu(" hypervisor")
                .dmi("Microsoft Corporation", "Virtual Machine")
                .file("dev/dxg", "")
                .detect();

        assertThat(environment.name()).isEqualTo("vm-linux");
        assertThat(environment.facts()).containsEntry("hypervisor", "Hyper-V").doesNotContainKey("wsl");
    }

    @Test
    void gvisor() {
        Environment environment = FakeMachine.linux(root, "4.4.0")
                .file("proc/version", "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n")
                .file(".dockerenv", "")
                .isolated()
                .desktopCpu("")
                .detect();

        assertThat(environment.name()).isEqualTo("gvisor");
        assertThat(environment.facts()).containsEntry("sandbox", "gVisor");
    }

    @Test
    void ubuntuWithAKernelAsOldAsGvisorsIsNot() {
        assertThat(metal().file("proc/version", "Linux version 4.4.0-21-generic #37-Ubuntu SMP Mon Apr 18\n")
                        .detect()
                        .name())
                .isEqualTo("native-linux");
    }

    private FakeMachine windows11() {
        return FakeMachine.windows(root)
                .variable("NUMBER_OF_PROCESSORS", "24")
                .variable("USERNAME", "me")
                .output(
                        "Windows NT\\CurrentVersion",
                        """

                        HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion
                            SystemRoot    REG_SZ    C:\\WINDOWS
                            CurrentBuild    REG_SZ    22631
                            UBR    REG_DWORD    0x10dd

                        """)
                .output(
                        "System\\BIOS",
                        """
                        HKEY_LOCAL_MACHINE\\HARDWARE\\DESCRIPTION\\System\\BIOS
                            BaseBoardManufacturer    REG_SZ    ASUSTeK COMPUTER INC.
                            SystemManufacturer    REG_SZ    ASUS
                            SystemProductName    REG_SZ    System Product Name
                        """)
                .output(
                        "CentralProcessor\\0",
                        "    ProcessorNameString    REG_SZ    AMD Ryzen 9 5900X 12-Core Processor            \n");
    }

    @Test
    void windows11OnMetal() {
        Environment environment = windows11().processors(24).detect();

        assertThat(environment.name()).isEqualTo("native-windows");
        assertThat(environment.facts().toString())
                .startsWith("{os=Windows 11, kernel=10.0.22631.4317, architecture=amd64, hardware=physical,"
                        + " machine=ASUS System Product Name, cpu=AMD Ryzen 9 5900X 12-Core Processor,"
                        + " logicalCores=24, usableCores=24, memoryTotalMiB=16384, jvm=");
    }

    @Test
    void windowsInAVirtualMachine() {
        Environment environment = windows11()
                .output(
                        "System\\BIOS",
                        """
                            SystemManufacturer    REG_SZ    Microsoft Corporation
                            SystemProductName    REG_SZ    Virtual Machine
                        """)
                .detect();

        assertThat(environment.name()).isEqualTo("vm-windows");
        assertThat(environment.facts()).containsEntry("hypervisor", "Hyper-V");
    }

    @Test
    void windowsIsNotClaimedToBeNativeWithoutFirmware() {
        assertThat(windows11().output("System\\BIOS", "").detect().name()).isEqualTo("unknown-windows");
    }

    @Test
    void windowsContainer() {
        assertThat(windows11()
                        .variable("USERNAME", "ContainerAdministrator")
                        .detect()
                        .name())
                .isEqualTo("container-windows");
    }

    @Test
    void wineIsNeverWindows() {
        assertThat(windows11()
                        .variable("WINECONFIGDIR", "\\??\\unix\\home\\me\\.wine")
                        .detect()
                        .name())
                .isEqualTo("wine");
        assertThat(FakeMachine.windows(root)
                        .file("windows/system32/winecfg.exe", "MZ")
                        .detect()
                        .name())
                .isEqualTo("wine");
    }

    private FakeMachine mac(String vmm) {
        return FakeMachine.other(root, "Mac OS X", "14.5", "aarch64")
                .output(
                        "sysctl",
                        """
                        kern.osrelease: 23.5.0
                        kern.hv_vmm_present: %s
                        hw.model: Mac14,6
                        hw.logicalcpu: 12
                        hw.physicalcpu: 12
                        hw.perflevel0.physicalcpu: 8
                        hw.memsize: 34359738368
                        vm.swapusage: total = 2048.00M  used = 845.75M  free = 1202.25M  (encrypted)
                        machdep.cpu.brand_string: Apple M2 Max
                        """
                                .formatted(vmm));
    }

    @Test
    void macOsOnAppleSilicon() {
        Environment environment = mac("0").processors(12).detect();

        assertThat(environment.name()).isEqualTo("native-macos");
        assertThat(environment.facts().toString())
                .startsWith("{os=macOS 14.5, kernel=Darwin 23.5.0, architecture=aarch64, hardware=physical,"
                        + " machine=Mac14,6, cpu=Apple M2 Max, logicalCores=12, physicalCores=12, usableCores=12,"
                        + " memoryTotalMiB=32768, swapTotalMiB=2048, jvm=");
        assertThat(Cpu.defaultThreads(mac("0").processors(12).machine())).isEqualTo(8);
    }

    @Test
    void macOsInAVirtualMachineAndWithoutSysctl() {
        assertThat(mac("1").detect().name()).isEqualTo("vm-macos");
        assertThat(mac("").detect().name()).isEqualTo("unknown-macos");
        assertThat(mac("0").output("sysctl", "").detect().name()).isEqualTo("unknown-macos");
    }

    @Test
    void anyOtherSystemIsUnknown() {
        assertThat(FakeMachine.other(root, "FreeBSD", "14.1-RELEASE", "amd64")
                        .detect()
                        .name())
                .isEqualTo("unknown-freebsd");
        assertThat(FakeMachine.other(root, "", "", "").detect().name()).isEqualTo("unknown-os");
    }

    @Test
    void aMachineThatTellsNothingHasNoFactsButItsJvm() {
        Environment nothing = FakeMachine.other(root, "Linux", "", "").detect();

        assertThat(nothing.name()).isEqualTo("unknown-linux");
        assertThat(nothing.facts().keySet()).containsExactly("os", "usableCores", "jvm", "jvmVersion", "jvmVendor");
    }

    @Test
    void malformedTextIsNeverAnError() {
        List<String> files = List.of(
                "proc/version",
                "proc/cpuinfo",
                "proc/meminfo",
                "proc/1/cgroup",
                "proc/self/cgroup",
                "proc/self/status",
                "proc/self/mountinfo",
                "etc/os-release",
                "run/systemd/container",
                "sys/class/dmi/id/sys_vendor",
                "sys/fs/cgroup/memory.max",
                "sys/firmware/acpi/tables/FACP",
                "sys/devices/system/cpu/online",
                "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq",
                "sys/devices/system/cpu/cpu0/topology/core_cpus_list");
        String[] words = {
            ":",
            " : ",
            "\n",
            "processor\t: ",
            "core id\t: ",
            "flags\t: ",
            "99999999999999999999",
            "-1",
            "0-70000",
            ",",
            "MemTotal: ",
            " kB",
            "PRETTY_NAME=",
            "\"",
            "'",
            "\\",
            "/",
            "..",
            "1 2 3:4 / ",
            "/sys/fs/cgroup",
            " - cgroup2 ",
            "/etc/hosts",
            "\0",
            "\u001b[31m",
            "0::/",
            "memory",
            "Cpus_allowed_list:",
            "\uFFFD",
            " "
        };
        Random random = new Random(3);
        for (int i = 0; i < 40; i++) {
            FakeMachine machine = FakeMachine.linux(root, "6.8.0");
            for (String file : files) {
                StringBuilder text = new StringBuilder();
                for (int n = random.nextInt(20); n > 0; n--) {
                    text.append(words[random.nextInt(words.length)]);
                }
                byte[] bytes = new byte[random.nextInt(10)];
                random.nextBytes(bytes);
                machine.file(file, text + new String(bytes, StandardCharsets.ISO_8859_1));
            }
            Environment environment = machine.detect();
            assertThat(environment.name()).matches("[A-Za-z0-9._-]+").isNotEqualTo("native-linux");
            assertThat(environment.facts().values())
                    .allSatisfy(fact -> assertThat(fact).isNotBlank().matches("[^\\p{Cntrl}]{1,200}"));
            assertThat(Cpu.defaultThreads(machine.machine())).isBetween(1, 8);
        }
    }

    @Test
    void factsThatOthersFoundOutStandBehindOnOneLine() {
        Environment environment = new Environment("wsl2", Map.of("os", "Linux"))
                .with(Map.of("gpuDriver", " 570.00\nRTX\u0000 ", "gpu", "  "));
        assertThat(environment.name()).isEqualTo("wsl2");
        assertThat(environment.facts()).containsExactly(entry("os", "Linux"), entry("gpuDriver", "570.00 RTX"));
    }

    @Test
    void hereItIsSomething() {
        assertThatCode(Environment::detect).doesNotThrowAnyException();
        assertThat(Environment.detect().facts()).containsKeys("os", "usableCores", "jvm");
        assertThat(Cpu.defaultThreads()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }

    @Test
    void aNameHasNoOtherCharacters() {
        assertThatThrownBy(() -> new Environment("my machine", Map.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
