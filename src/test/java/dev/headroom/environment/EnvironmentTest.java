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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentTest {
    private final Path root;

    EnvironmentTest(@TempDir Path root) {
        this.root = root;
    }

    private FakeMachine captured(String machine) {
        return FakeMachine.captured(root, machine);
    }

    private FakeMachine metal() {
        return captured("ubuntu-metal");
    }

    @Test
    void nativeNeedsFirmware() {
        assertThat(metal().dmi("", "").detect().name()).isEqualTo("unknown-linux");
    }

    @Test
    void nativeOfUnknownMakerNeedsProcessorFlags() {
        FakeMachine unknownMaker = metal().dmi("Some Maker", "X").file("sys/class/dmi/id/board_vendor", "Another\n");

        assertThat(unknownMaker.detect().name()).isEqualTo("native-linux");
        assertThat(unknownMaker.file("proc/cpuinfo", "").detect().name()).isEqualTo("unknown-linux");
    }

    @Test
    void sandboxIsNotNative() {
        Environment bwrap =
                metal().link("proc/self/ns/user", "user:[4026532900]").detect();

        assertThat(bwrap.name()).isEqualTo("unknown-linux");
        assertThat(bwrap.facts()).doesNotContainKey("container");
        assertThat(metal().link("proc/self/ns/pid", "nonsense").detect().name()).isEqualTo("unknown-linux");
    }

    /** Mounts under chroot, and under bwrap run by root, which creates no user namespace. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "22 29 0:21 / /sys rw - sysfs sysfs rw",
                "71 22 259:2 /srv/bookworm / rw,relatime - ext4 /dev/nvme0n1p2 rw",
                "71 22 0:40 /newroot / rw - tmpfs tmpfs rw",
                "71 22 0:41 / / rw,relatime - overlay overlay rw,lowerdir=/srv/a,upperdir=/srv/b,workdir=/srv/c",
                "29 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n71 29 259:2 /srv/bookworm / rw - ext4 /dev/nvme0n1p2 rw"
            })
    void chrootIsNotNative(String mountinfo) {
        assertThat(metal().file("proc/self/mountinfo", mountinfo).detect().name())
                .isEqualTo("unknown-linux");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "29 1 0:26 /@ / rw,relatime shared:1 - btrfs /dev/nvme0n1p2 rw,subvol=/@",
                "29 1 0:26 / / rw - zfs rpool/ROOT/ubuntu rw",
                "79 2 0:36 /ostree/deploy/fedora/deploy/5fd2bdb1a2c9.0 / rw - xfs /dev/sda4 rw",
                "29 1 0:36 / / ro - overlay composefs ro,lowerdir+=/run/ostree/.private/cfsroot-lower,"
                        + "datadir+=/sysroot/ostree/repo/objects"
            })
    void nativeMayHaveOtherRoots(String mountinfo) {
        assertThat(metal().file("proc/self/mountinfo", mountinfo).detect().name())
                .isEqualTo("native-linux");
    }

    /** A container with the host's process namespace and, as under version 1, the host's control group namespace. */
    @Test
    void containerInTheNamespacesOfTheHost() {
        FakeMachine docker = captured("docker")
                .link("proc/self/ns/pid", "pid:[4026531836]")
                .link("proc/self/ns/cgroup", "cgroup:[4026531835]")
                .file("proc/1/cgroup", "0::/init.scope\n");
        assertThat(docker.detect().name()).isEqualTo("container");
        assertThat(docker.detect().facts()).containsEntry("container", "docker");

        String overlay = "71 22 0:41 / / rw - overlay overlay rw,lowerdir=/var/lib/%s/1/fs,workdir=/w\n";
        assertThat(metal().file("proc/self/mountinfo", overlay.formatted("containerd/io.containerd.snapshotter.v1"))
                        .detect()
                        .facts())
                .containsEntry("container", "containerd");
        assertThat(metal().file("proc/self/mountinfo", overlay.formatted("containers/storage/overlay"))
                        .detect()
                        .facts())
                .containsEntry("container", "not identified");
    }

    @Test
    void dockerDesktopIsRecognisedByBothPathsOfItsDisk() {
        String file = "/containers/4f5c8a4d2b0e9d7c/hosts\n";
        String layers = "rw,lowerdir=%s/overlay2/l/A,upperdir=%<s/overlay2/4d7c4a0bdb53/diff\n";

        assertThat(Container.traced("/data/docker" + file + layers.formatted("/var/lib/docker")))
                .hasValue("docker-desktop");
        assertThat(Container.traced("/version-pack-data/community/docker" + file))
                .hasValue("docker-desktop");
        assertThat(Container.traced("/data/docker" + file + layers.formatted("/data/docker")))
                .as("a data-root chosen by the user")
                .hasValue("docker");
        assertThat(Container.traced("/docker" + file + layers.formatted("/var/lib/docker")))
                .as("a disk for /var/lib")
                .hasValue("docker");
    }

    @Test
    void podmanIsRecognisedWithAnyStorageDriver() {
        for (String storage : List.of("overlay", "vfs", "btrfs", "zfs")) {
            assertThat(Container.traced("/run/" + storage + "-containers/4a045b59951157fb/userdata/hosts"))
                    .hasValue("podman");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "5.15.167.4-microsoft-standard-WSL2, root@f9c826d3017f, stock",
        "4.19.128-microsoft-standard, oe-user@oe-host, stock",
        "5.15.167.4-microsoft-standard-WSL2, me@desktop, ",
        "5.15.167.4-microsoft-standard-WSL2, root@desktop, ",
        "5.15.167.4-microsoft-standard-WSL2, , ",
        "5.15.167.4-microsoft-standard-WSL2+, root@f9c826d3017f, custom",
        "6.9.0-mine, me@desktop, custom",
        "'', me@desktop, "
    })
    void wsl2KernelIsStockOrCustom(String kernel, @Nullable String builder, @Nullable String whose) {
        String version = "Linux version " + kernel + " (" + builder + ") (gcc (GCC) 11.2.0) #1 SMP\n";

        assertThat(Linux.wslKernel(kernel, builder == null ? "" : version).orElse(null))
                .isEqualTo(whose);
    }

    @Test
    void outermostRuntimeIsNamed() {
        FakeMachine inner =
                captured("docker").file("proc/1/cgroup", "0::/docker/4f5c8a4d2b0e9d7c/docker/6a1b3f5e7d9c0b2a\n");
        assertThat(inner.detect().facts()).containsEntry("container", "docker");
        assertThat(inner.file(
                                "proc/1/cgroup",
                                "4:memory:/kubepods/burstable/pod1/4f5c8a4d2b0e/docker/6a1b3f5e7d9c0b2a\n")
                        .detect()
                        .facts())
                .containsEntry("container", "kubernetes");
    }

    @Test
    void lxcOnProxmoxIsAContainer() {
        Environment environment = metal().isolated()
                .file(
                        "proc/self/mountinfo",
                        """
                        1060 1030 253:7 / / rw,relatime master:1 - ext4 /dev/mapper/pve-vm--101--disk--0 rw,stripe=16
                        1062 1060 0:63 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
                        1063 1062 0:64 /proc/cpuinfo /proc/cpuinfo rw,nosuid,nodev - fuse.lxcfs lxcfs rw,user_id=0
                        """)
                .detect();

        assertThat(environment.name()).isEqualTo("container");
        assertThat(environment.facts()).containsEntry("container", "lxc");
    }

    @Test
    void hostOfLxcIsNoContainer() {
        assertThat(metal().file(
                                "proc/self/mountinfo",
                                """
                                29 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/pve-root rw
                                99 29 0:51 / /var/lib/lxcfs rw,nosuid,nodev,relatime shared:40 - fuse.lxcfs lxcfs rw
                                """)
                        .detect()
                        .name())
                .isEqualTo("native-linux");
    }

    @ParameterizedTest
    @CsvSource({
        "run/systemd/container, systemd-nspawn, systemd-nspawn",
        "run/host/container-manager, systemd-nspawn, systemd-nspawn",
        "run/systemd/container, lxc, lxc",
        ".flatpak-info, [Application], flatpak"
    })
    void containerIsNamedByItsMarkFile(String file, String text, String container) {
        Environment environment = metal().isolated().file(file, text + "\n").detect();

        assertThat(environment.name()).isEqualTo("container");
        assertThat(environment.facts()).containsEntry("container", container);
    }

    @Test
    void kataContainersRunInAVirtualMachine() {
        Environment environment = captured("kvm-guest")
                .isolated()
                .file(
                        "proc/self/mountinfo",
                        """
                        101 90 0:38 /0a1b/rootfs / rw,relatime - virtiofs kataShared rw
                        111 101 0:38 /0a1b-resolv.conf /etc/resolv.conf rw,relatime - virtiofs kataShared rw
                        112 101 0:38 /0a1b-hostname /etc/hostname rw,relatime - virtiofs kataShared rw
                        """)
                .detect();

        assertThat(environment.name()).isEqualTo("container");
        assertThat(environment.facts())
                .containsEntry("sandbox", "Kata Containers")
                .containsEntry("hypervisor", "KVM");
    }

    @Test
    void snapIsASandboxButNoContainer() {
        Environment environment = metal().file("proc/self/attr/current", "snap.openjdk.java (enforce)\n")
                .detect();

        assertThat(environment.name()).isEqualTo("native-linux");
        assertThat(environment.facts()).containsEntry("sandbox", "Snap");
    }

    /**
     * A virtual machine without the hypervisor flag and with the DMI texts of a real board, as gamers set up against
     * anti-cheat software. Its devices still give it away.
     */
    @ParameterizedTest
    @CsvSource({
        "1B36:000C, vm-linux, QEMU",
        "15AD:0405, vm-linux, VMware",
        "80EE:CAFE, vm-linux, VirtualBox",
        "5853:0001, vm-linux, Xen",
        "1AF4:1041, unknown-linux, "
    })
    void hiddenVirtualMachineIsRecognisedByItsDevices(String device, String name, String hypervisor) {
        Environment environment = metal().file(
                        "sys/bus/pci/devices/0000:09:00.0/uevent", "PCI_CLASS=20000\nPCI_ID=" + device + "\n")
                .detect();

        assertThat(environment.name()).isEqualTo(name);
        assertThat(environment.facts().get("hypervisor")).isEqualTo(hypervisor);
    }

    @Test
    void qubesIsAVirtualMachineOfXen() {
        Environment environment = metal().desktopCpu(" hypervisor")
                .dmi("Xen", "HVM domU")
                .file("sys/hypervisor/type", "xen\n")
                .detect();

        assertThat(environment.name()).isEqualTo("vm-linux");
        assertThat(environment.facts()).containsEntry("hypervisor", "Xen");
    }

    @Test
    void asahiOnAMacIsNative() {
        FakeMachine asahi = FakeMachine.linux(root, "6.11.8-400.asahi.fc41.aarch64+16k")
                .property("os.arch", "aarch64")
                .file("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd asimdhp asimddp\n")
                .file("proc/device-tree/model", "Apple MacBook Pro (13-inch, M1, 2020)\0")
                .file("proc/device-tree/compatible", "apple,j293\0apple,t8103\0apple,arm-platform\0");

        assertThat(asahi.detect().name()).isEqualTo("native-linux");
        assertThat(asahi.detect().facts()).containsEntry("cpuFeatures", "neon fp16 dotprod");
    }

    @Test
    void linuxUnderAppleVirtualizationIsVirtual() {
        FakeMachine guest = FakeMachine.linux(root, "6.12.28")
                .property("os.arch", "aarch64")
                .file("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");

        assertThat(guest.detect().name()).isEqualTo("unknown-linux");
        assertThat(guest.dmi("Apple Inc.", "Apple Virtualization Generic Platform")
                        .detect()
                        .name())
                .isEqualTo("vm-linux");
    }

    @Test
    void emulatedX86IsNotNative() {
        FakeMachine emulated = FakeMachine.linux(root, "6.6.31+rpt-rpi-2712")
                .file("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n")
                .file("proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0");

        assertThat(emulated.detect().name()).isEqualTo("unknown-linux");
        assertThat(emulated.detect().facts()).containsEntry("emulation", "x86-64 on ARM");
        assertThat(emulated.property("os.arch", "aarch64").detect().name()).isEqualTo("native-linux");
    }

    /** As under {@code qemu-aarch64}: version 7.2 shows the real cpuinfo, newer versions invent one. */
    @Test
    void emulatedArmIsNotNative() {
        FakeMachine emulated = metal().property("os.arch", "aarch64");
        assertThat(emulated.detect().name()).isEqualTo("unknown-linux");
        assertThat(emulated.detect().facts()).containsEntry("emulation", "ARM on x86-64");

        emulated.file("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
        assertThat(emulated.detect().name()).as("no other evidence").isEqualTo("native-linux");
        assertThat(emulated.file("proc/sys/kernel/arch", "x86_64\n").detect().name())
                .isEqualTo("unknown-linux");
        assertThat(emulated.file("proc/sys/kernel/arch", "riscv64\n").detect().facts())
                .containsEntry("emulation", "ARM on riscv64");
        assertThat(emulated.file("proc/sys/kernel/arch", "aarch64\n").detect().facts())
                .doesNotContainKey("emulation");
    }

    @Test
    void dockerenvFileAloneIsNoContainer() {
        assertThat(metal().file(".dockerenv", "").detect().name()).isEqualTo("native-linux");
    }

    @Test
    void raspberryPiIsNative() {
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
    void virtualArmIsRecognisedByItsDeviceTree() {
        Environment vm = FakeMachine.linux(root, "6.1.0")
                .property("os.arch", "aarch64")
                .file("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n")
                .file("proc/device-tree/compatible", "linux,dummy-virt\0")
                .detect();

        assertThat(vm.name()).isEqualTo("vm-linux");
    }

    @Test
    void armOfAnUnknownMakerIsUnknown() {
        assertThat(FakeMachine.linux(root, "6.1.0")
                        .property("os.arch", "aarch64")
                        .file("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n")
                        .dmi("Google", "Google Compute Engine")
                        .detect()
                        .name())
                .isEqualTo("unknown-linux");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"5.15.167.4-microsoft-standard-WSL2", "4.19.84-microsoft-standard", "6.6.36.3-WSL2-custom+"})
    void wsl2IsRecognisedByTheKernelName(String kernel) {
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
    void wsl2WithACustomKernelNeedsTwoSigns() {
        FakeMachine custom = FakeMachine.linux(root, "6.9.0-mine").isolated().desktopCpu(" hypervisor");

        assertThat(custom.file("dev/dxg", "").detect().name()).isEqualTo("unknown-linux");
        assertThat(custom.file("proc/sys/fs/binfmt_misc/WSLInterop", "enabled\n")
                        .detect()
                        .name())
                .isEqualTo("wsl2");
    }

    @Test
    void containerUnderACustomWsl2KernelNeedsTwoSigns() {
        FakeMachine container = captured("docker-in-wsl2").file("proc/sys/kernel/osrelease", "6.9.0-mine\n");

        assertThat(container.detect().name()).isEqualTo("container");
        assertThat(container.file("usr/lib/wsl/lib/libdxcore.so", "").detect().name())
                .isEqualTo("container-wsl2");
        assertThat(container.detect().facts()).containsEntry("wslKernel", "custom");
    }

    @Test
    void importedImageUnderWsl2IsNoContainer() {
        assertThat(FakeMachine.linux(root, "5.15.167.4-microsoft-standard-WSL2")
                        .isolated()
                        .file(".dockerenv", "")
                        .detect()
                        .name())
                .isEqualTo("wsl2");
    }

    @Test
    void dockerIsRecognisedWithCgroupVersion1() {
        Environment environment = metal().isolated()
                .file(".dockerenv", "")
                .file("proc/1/cgroup", "12:memory:/docker/4f5c8a4d2b0e9d7c\n1:name=systemd:/docker/4f5c8a4d2b0e9d7c\n")
                .detect();

        assertThat(environment.facts()).containsEntry("container", "docker");
    }

    @Test
    void unknownRuntimeIsAContainerNotIdentified() {
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
    void dockerInAVirtualMachineHasBothFacts() {
        Environment environment = captured("docker").desktopCpu(" hypervisor").detect();

        assertThat(environment.name()).isEqualTo("container");
        assertThat(environment.facts()).containsEntry("container", "docker").containsEntry("hardware", "virtual");
    }

    @Test
    void firecrackerWithoutRootIsReportedAsKvm() {
        assertThat(captured("firecracker")
                        .file("sys/firmware/acpi/tables/FACP", "")
                        .detect()
                        .facts())
                .containsEntry("hypervisor", "KVM");
    }

    @Test
    void unknownHypervisorHasNoName() {
        Environment environment = metal().desktopCpu(" hypervisor").detect();

        assertThat(environment.name()).isEqualTo("vm-linux");
        assertThat(environment.facts()).doesNotContainKey("hypervisor");
    }

    @ParameterizedTest
    @CsvSource({"c5.metal, native-linux", "m5.metal-24xl, native-linux", "c5.large, vm-linux"})
    void metalInstancesOfEc2AreNative(String type, String name) {
        assertThat(metal().dmi("Amazon EC2", type).detect().name()).isEqualTo(name);
    }

    @Test
    void oldUbuntuKernelIsNotGvisor() {
        assertThat(metal().file("proc/version", "Linux version 4.4.0-21-generic #37-Ubuntu SMP Mon Apr 18\n")
                        .detect()
                        .name())
                .isEqualTo("native-linux");
    }

    private FakeMachine windows11() {
        return captured("windows11-wddm");
    }

    @Test
    void windowsInHyperVIsVirtual() {
        Environment environment = windows11()
                .registry(
                        """
                        HKEY_LOCAL_MACHINE\\HARDWARE\\DESCRIPTION\\System\\BIOS
                            SystemManufacturer    REG_SZ    Microsoft Corporation
                            SystemProductName    REG_SZ    Virtual Machine
                        """)
                .detect();

        assertThat(environment.name()).isEqualTo("vm-windows");
        assertThat(environment.facts()).containsEntry("hypervisor", "Hyper-V");
    }

    @Test
    void nativeWindowsNeedsFirmware() {
        assertThat(windows11()
                        .noRegistry("HARDWARE\\DESCRIPTION\\System\\BIOS")
                        .detect()
                        .name())
                .isEqualTo("unknown-windows");
    }

    @Test
    void windowsContainerIsRecognisedByTheRegistry() {
        Environment environment = windows11()
                .registry(
                        """
                        HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control
                            ContainerType    REG_DWORD    0x2
                        """)
                .detect();

        assertThat(environment.name()).isEqualTo("container-windows");
    }

    @Test
    void windowsSandboxIsRecognisedByItsUser() {
        Environment environment = windows11()
                .variable("USERNAME", "WDAGUtilityAccount")
                .registry(
                        """
                        HKEY_LOCAL_MACHINE\\HARDWARE\\DESCRIPTION\\System\\BIOS
                            SystemManufacturer    REG_SZ    Microsoft Corporation
                            SystemProductName    REG_SZ    Virtual Machine
                        """)
                .detect();

        assertThat(environment.name()).isEqualTo("vm-windows");
        assertThat(environment.facts()).containsEntry("sandbox", "Windows Sandbox");
    }

    @Test
    void emulatedJvmOnWindowsArmIsUnknown() {
        FakeMachine surface = windows11()
                .registry(
                        """
                        HKEY_LOCAL_MACHINE\\HARDWARE\\DESCRIPTION\\System\\BIOS
                            SystemManufacturer    REG_SZ    Microsoft Corporation
                            SystemProductName    REG_SZ    Surface Laptop 7
                        """)
                .registry(
                        """
                        HKEY_LOCAL_MACHINE\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0
                            Identifier    REG_SZ    ARMv8 (64-bit) Family 8 Model 1 Revision 201
                            ProcessorNameString    REG_SZ    Snapdragon(R) X - X126100 - Qualcomm(R) Oryon(TM) CPU
                        """);

        assertThat(surface.detect().name())
                .as("an x86-64 JVM is emulated there")
                .isEqualTo("unknown-windows");
        assertThat(surface.detect().facts()).containsEntry("emulation", "x86-64 on ARM");
        assertThat(surface.property("os.arch", "aarch64").detect().name()).isEqualTo("native-windows");
    }

    @Test
    void windowsContainerIsRecognisedByItsUser() {
        assertThat(windows11()
                        .variable("USERNAME", "ContainerAdministrator")
                        .detect()
                        .name())
                .isEqualTo("container-windows");
    }

    @Test
    void wineIsNotWindows() {
        assertThat(windows11()
                        .variable("WINECONFIGDIR", "\\??\\unix\\home\\me\\.wine")
                        .detect()
                        .name())
                .isEqualTo("wine");
        assertThat(windows11()
                        .file("windows/system32/winecfg.exe", "MZ")
                        .detect()
                        .name())
                .isEqualTo("wine");
    }

    private FakeMachine mac(String sysctl) {
        return captured("macos-apple-silicon").output("sysctl", sysctl);
    }

    @Test
    void macOsIsNativeVirtualOrUnknown() {
        assertThat(mac("kern.hv_vmm_present: 0").detect().name()).isEqualTo("native-macos");
        assertThat(mac("kern.hv_vmm_present: 1").detect().name()).isEqualTo("vm-macos");
        assertThat(mac("kern.hv_vmm_present: ").detect().name()).isEqualTo("unknown-macos");
        assertThat(mac("").detect().name()).isEqualTo("unknown-macos");
    }

    @Test
    void macOsUnderRosettaIsUnknown() {
        Environment environment = mac("kern.hv_vmm_present: 0\nsysctl.proc_translated: 1\nhw.optional.avx2_0: 1\n")
                .detect();

        assertThat(environment.name()).isEqualTo("unknown-macos");
        assertThat(environment.facts())
                .containsEntry("emulation", "x86-64 on ARM")
                .containsEntry("cpuFeatures", "avx2");
    }

    @Test
    void otherSystemsAreUnknown() {
        assertThat(FakeMachine.other(root, "FreeBSD", "14.1-RELEASE", "amd64")
                        .detect()
                        .name())
                .isEqualTo("unknown-freebsd");
        assertThat(FakeMachine.other(root, "", "", "").detect().name()).isEqualTo("unknown-os");
    }

    @Test
    void machineWithoutFilesHasOnlyJvmFacts() {
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
                "sys/devices/system/cpu/cpu0/topology/core_cpus_list",
                "sys/devices/system/node/online",
                "sys/fs/cgroup/cpu.max",
                "sys/bus/pci/devices/0000:00:02.0/uevent",
                "sys/bus/pci/devices/0000:00:02.0/revision",
                "sys/bus/pci/devices/0000:00:02.0/drm/card0/card0-DP-1/status",
                "sys/kernel/mm/transparent_hugepage/enabled",
                "sys/module/zswap/parameters/enabled",
                "proc/sys/vm/swappiness",
                "proc/swaps",
                "proc/sys/kernel/arch",
                "proc/self/attr/current",
                "usr/share/vulkan/icd.d/a.json");
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
            "PCI_ID=1002:744C\n",
            "PCI_CLASS=30000\n",
            "PCI_CLASS=FFFFFFFF\n",
            "DRIVER=",
            "[",
            "]",
            "/dev/zram0 partition ",
            "\"api_version\": \"1.3\"",
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

    /** A parser that takes more than linear time would not end in time on so many bytes. */
    @Test
    @Timeout(60)
    void hugeTextIsReadQuickly() {
        for (String text :
                List.of("a", "1 2 0:3 / / - ", "[a", "flags\t: fpu ", "/data/docker/containers/\n", "0-9,")) {
            FakeMachine machine = metal();
            String huge = text.repeat((128 << 10) / text.length());
            for (String file : List.of(
                    "proc/cpuinfo",
                    "proc/self/mountinfo",
                    "proc/self/cgroup",
                    "proc/self/status",
                    "proc/meminfo",
                    "proc/version",
                    "proc/swaps",
                    "etc/os-release",
                    "sys/class/dmi/id/sys_vendor",
                    "sys/kernel/mm/transparent_hugepage/enabled",
                    "sys/bus/pci/devices/0000:05:00.0/uevent",
                    "usr/share/vulkan/icd.d/intel_icd.x86_64.json")) {
                machine.file(file, huge);
            }
            assertThat(machine.detect().name()).isEqualTo("unknown-linux");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "native-linux, native-linux, true",
        "native-linux, native-linux-desk, true",
        "native-linux, native-linux-, false",
        "native-linux, native-linuxdesk, false",
        "native-linux, native, false",
        "native-linux, vm-linux, false",
        "native-linux, Native-Linux, false",
        "native-linux, '', false",
        "container, container, true",
        "container, container-8gib, true",
        "container, container-wsl2, false",
        "container, container-wsl2-a, false",
        "container, container-wsl2a, true",
        "container-wsl2, container-wsl2-a, true",
        "container-wsl2, container, false",
        "unknown-linux, unknown-linux-bwrap, true",
        "unknown-linux, native-linux, false",
        "unknown-freebsd, unknown-freebsd-desk, true",
        "wsl2, wsl2-ubuntu, true",
        "wsl2, wsl1, false"
    })
    void labelMatchesTheLongestName(String name, String label, boolean agrees) {
        assertThat(new Environment(name, Map.of()).isCalled(label)).isEqualTo(agrees);
    }

    /** An unknown name could be mistaken for a label of a shorter one. */
    @Test
    void everyDetectedNameIsKnown() {
        for (String machine : FakeMachine.captured()) {
            assertThat(Environment.NAMES).contains(captured(machine).detect().name());
        }
    }

    @Test
    void addedFactsComeLastOnOneLine() {
        Environment environment = new Environment("wsl2", Map.of("os", "Linux"))
                .with(Map.of("gpuDriver", " 570.00\nRTX\u0000 ", "gpu", "  "));
        assertThat(environment.name()).isEqualTo("wsl2");
        assertThat(environment.facts()).containsExactly(entry("os", "Linux"), entry("gpuDriver", "570.00 RTX"));
    }

    @Test
    void thisMachineIsDetected() {
        assertThatCode(Environment::detect).doesNotThrowAnyException();
        assertThat(Environment.detect().facts()).containsKeys("os", "usableCores", "jvm");
        assertThat(Cpu.defaultThreads()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }

    @Test
    void nameWithOtherCharactersIsRefused() {
        assertThatThrownBy(() -> new Environment("my machine", Map.of())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void startsOfWindowsAreNumbered() {
        FakeMachine machine = FakeMachine.windows(root);
        assertThat(machine.detect().facts()).as("before Windows 10").doesNotContainKey("bootId");
        machine.windowsKernel(new WindowsKernel(31, List.of(), 0, 0));
        assertThat(machine.detect().facts()).containsEntry("bootId", "31");
    }

    @Test
    void variablesThatChangeResultsSilentlyAreFacts() {
        FakeMachine machine = metal().variable("GGML_CUDA_ENABLE_UNIFIED_MEMORY", "1")
                .variable("GGML_VK_ALLOW_SYSMEM_FALLBACK", "")
                .variable("HIP_VISIBLE_DEVICES", "0,1")
                .variable("CUDA_VISIBLE_DEVICES", "")
                .variable("CUDA_HOME", "/usr/local/cuda")
                .variable("LLAMA_API_KEY", "secret");

        assertThat(machine.detect().facts())
                .containsEntry("GGML_CUDA_ENABLE_UNIFIED_MEMORY", "1")
                .containsEntry("GGML_VK_ALLOW_SYSMEM_FALLBACK", "(empty)")
                .containsEntry("HIP_VISIBLE_DEVICES", "0,1")
                .containsEntry("CUDA_VISIBLE_DEVICES", "(empty)")
                .doesNotContainKeys("CUDA_HOME", "LLAMA_API_KEY");
    }

    @Test
    void choiceOfHardwareScheduling() {
        String graphics =
                """
                HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\GraphicsDrivers
                    PlatformSupportMiracast    REG_DWORD    0x1
                """;
        FakeMachine windows = captured("windows11-wddm");

        assertThat(windows.registry(graphics).detect().facts()).doesNotContainKey("gpuHardwareScheduling");
        assertThat(windows.registry(graphics + "    HwSchMode    REG_DWORD    0x2\n")
                        .detect()
                        .facts())
                .containsEntry("gpuHardwareScheduling", "on");
        assertThat(windows.registry(graphics + "    HwSchMode    REG_DWORD    0x1\n")
                        .detect()
                        .facts())
                .containsEntry("gpuHardwareScheduling", "off");
    }

    @Test
    void limitsOfWsl2AreThoseOfTheWindowsUser() {
        FakeMachine wsl2 = captured("wsl2-stock-kernel")
                .file(
                        "mnt/c/Users/me/.wslconfig",
                        """
                        \uFEFF[wsl2]
                        memory=8GB # half
                         Processors = 6\r
                        kernel=C:\\\\k
                        [experimental]
                        swap=1GB
                        """)
                .file("mnt/c/Users/other/.wslconfig", "[wsl2]\nmemory=2GB\n");

        assertThat(wsl2.detect().facts()).as("which user?").doesNotContainKey("wslConfigMemory");
        wsl2.variable("PATH", "/usr/bin:/mnt/c/Windows:/mnt/c/Users/me/AppData/Local/Microsoft/WindowsApps");
        assertThat(wsl2.detect().facts())
                .containsEntry("wslConfigMemory", "8GB")
                .containsEntry("wslConfigProcessors", "6")
                .doesNotContainKey("wslConfigSwap");
    }
}
