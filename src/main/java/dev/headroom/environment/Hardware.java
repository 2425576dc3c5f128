package dev.headroom.environment;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The machine below the kernel: physical, virtual or unknown.
 *
 * @param hypervisor the hypervisor's name, or null if unknown
 * @param machine vendor and product from the firmware, or null if unknown
 */
record Hardware(Kind kind, @Nullable String hypervisor, @Nullable String machine) {
    enum Kind {
        PHYSICAL("native-"),
        VIRTUAL("vm-"),
        UNKNOWN("unknown-");

        private final String prefix;

        Kind(String prefix) {
            this.prefix = prefix;
        }

        /** The beginning of an environment's name on such hardware. */
        String prefix() {
            return prefix;
        }
    }

    /**
     * A hypervisor and the evidence for it.
     *
     * @param evidence a pattern of texts in firmware, ACPI tables, device trees and PCI devices of its machines
     */
    private record Hypervisor(String name, Pattern evidence) {
        Hypervisor(String name, String evidence) {
            this(name, pattern(evidence));
        }
    }

    /** All known hypervisors; the first match counts. A product stands before the technology on which it is built. */
    private static final List<Hypervisor> HYPERVISORS = List.of(
            new Hypervisor("Hyper-V", "microsoft corporation virtual machine|hyperv_clocksource|^pci 1414:5353"),
            new Hypervisor("VMware", "vmware|^pci 15ad:"),
            new Hypervisor("VirtualBox", "virtualbox|innotek|^pci 80ee:"),
            new Hypervisor("Parallels", "parallels|^pci 1ab8:"),
            new Hypervisor("bhyve", "bhyve"),
            new Hypervisor("Apple Virtualization", "apple virtualization"),
            new Hypervisor("Firecracker", "FIRECK|firecracker"),
            new Hypervisor("Cloud Hypervisor", "cloud hypervisor"),
            new Hypervisor("Amazon EC2", "amazon ec2 (?!.*\\.metal)"),
            new Hypervisor("Xen", "\\bxen\\b|^pci 5853:"),
            new Hypervisor("KVM", "\\bkvm\\b"),
            new Hypervisor("QEMU", "qemu|bochs|linux,dummy-virt|^pci 1b36:|^pci 1234:1111"));

    /**
     * Clouds that rent out virtual and physical machines under one name. Physical ones may have virtio devices (vendor
     * 1af4) too.
     */
    private static final Pattern CLOUD =
            pattern("google compute engine|alibaba|digitalocean|openstack|tencent|hetzner|vultr|linode|^pci 1af4:");

    /** Makers of physical machines and boards: the beginning of their names in firmware. */
    private static final Pattern MAKER = pattern(
            "^(acer|adlink|alienware|amazon ec2 .*\\.metal|ampere|apple (inc|imac|mac)|asrock|asus|beelink|biostar"
                    + "|dell|dynabook|evga|framework|friendlyelec|fujitsu|giga-?byte|gmktec|hardkernel|hewlett|hpe?\\b"
                    + "|huawei|intel|lenovo|lg electronics|medion|micro-star"
                    + "|microsoft corporation surface|minisforum|msi\\b|nvidia|orange ?pi|pine64|radxa|raspberry pi"
                    + "|razer|samsung|schenker|solidrun|supermicro|system76"
                    + "|toshiba|tuxedo)");

    private static Pattern pattern(String regex) {
        return Pattern.compile(regex, Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);
    }

    void putInto(Facts facts) {
        if (kind != Kind.UNKNOWN) {
            facts.put("hardware", kind.name().toLowerCase(Locale.ROOT));
        }
        facts.put("hypervisor", hypervisor);
        facts.put("machine", machine);
    }

    static Hardware onLinux(Machine machine, List<PciDevice> devices) {
        Optional<String> firmware = joined(
                        " ",
                        machine.value("sys/class/dmi/id/sys_vendor"),
                        machine.value("sys/class/dmi/id/product_name"))
                .or(() -> machine.value("proc/device-tree/model"));
        String signs = joined(
                        "\n",
                        firmware,
                        machine.value("sys/class/dmi/id/board_vendor"),
                        machine.value("sys/class/dmi/id/bios_vendor"),
                        machine.value("proc/device-tree/compatible"),
                        machine.value("proc/device-tree/hypervisor/compatible"),
                        machine.value("sys/hypervisor/type"),
                        machine.value("sys/devices/system/clocksource/clocksource0/available_clocksource"),
                        acpiMaker(machine.text("sys/firmware/acpi/tables/FACP")),
                        devices.stream()
                                .map(device -> "pci " + device.vendor() + ":" + device.device())
                                .reduce((one, other) -> one + "\n" + other))
                .orElse("");
        return of(
                firmware.orElse(null),
                signs,
                hypervisorFlag(machine.lines("proc/cpuinfo")).orElse(null));
    }

    /**
     * Judges the evidence.
     *
     * @param firmware vendor and product
     * @param signs one line for each piece of evidence of a hypervisor or a maker, firmware included
     * @param flag the processor's hypervisor flag, or null if the processor has none. A machine without the flag is
     *     physical only if its maker is known.
     */
    static Hardware of(@Nullable String firmware, String signs, @Nullable Boolean flag) {
        Optional<String> hypervisor = HYPERVISORS.stream()
                .filter(candidate -> candidate.evidence.matcher(signs).find())
                .map(Hypervisor::name)
                .findFirst();
        Kind kind = Kind.UNKNOWN;
        if (hypervisor.isPresent() || Boolean.TRUE.equals(flag)) {
            kind = Kind.VIRTUAL;
        } else if (firmware != null
                && !CLOUD.matcher(signs).find()
                && (flag != null || MAKER.matcher(signs).find())) {
            kind = Kind.PHYSICAL;
        }
        return new Hardware(kind, hypervisor.orElse(null), firmware);
    }

    /** The {@code hypervisor} flag of x86 processors, all of which have {@code fpu}. Empty for others, such as ARM. */
    static Optional<Boolean> hypervisorFlag(List<String> cpuinfo) {
        return cpuinfo.stream()
                .filter(line -> line.startsWith("flags"))
                .map(line -> List.of(line.split("\\s+")))
                .filter(flags -> flags.contains("fpu"))
                .map(flags -> flags.contains("hypervisor"))
                .findFirst();
    }

    /** The maker of an ACPI table: bytes 10 to 15. */
    static Optional<String> acpiMaker(String table) {
        return table.length() < 16 ? Optional.empty() : Optional.of(table.substring(10, 16));
    }

    private static Optional<String> joined(String between, Optional<?>... texts) {
        String joined =
                Stream.of(texts).flatMap(Optional::stream).map(String::valueOf).collect(Collectors.joining(between));
        return joined.isEmpty() ? Optional.empty() : Optional.of(joined);
    }
}
