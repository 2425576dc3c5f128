package dev.headroom.environment;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is below the kernel: a physical machine, a virtual one, or nobody can tell.
 *
 * @param hypervisor its name, where it is known
 * @param machine vendor and product as the firmware tells them
 */
record Hardware(Kind kind, Optional<String> hypervisor, Optional<String> machine) {
    enum Kind {
        PHYSICAL("native-"),
        VIRTUAL("vm-"),
        UNKNOWN("unknown-");

        private final String prefix;

        Kind(String prefix) {
            this.prefix = prefix;
        }

        /** How an environment's name begins on such hardware. */
        String prefix() {
            return prefix;
        }
    }

    /** What firmware, ACPI tables, device tree and PCI devices of virtual machines say, to the hypervisor's name. */
    private static final Map<Pattern, String> HYPERVISORS = hypervisors();

    /**
     * Clouds that rent out virtual and physical machines under one name, and devices for virtual machines, which their
     * physical ones may have as well.
     */
    private static final Pattern CLOUD = Pattern.compile(
            "google compute engine|alibaba|digitalocean|openstack|tencent|hetzner|vultr|linode|^pci 1af4:",
            Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);

    /** Makers of physical machines and boards, how they begin in firmware. */
    private static final Pattern MAKER = Pattern.compile(
            "^(acer|adlink|alienware|amazon ec2 .*\\.metal|ampere|apple (inc|imac|mac)|asrock|asus|beelink|biostar|dell"
                    + "|dynabook|evga|framework|friendlyelec|fujitsu|giga-?byte|gmktec|hardkernel|hewlett|hpe?\\b|huawei|intel"
                    + "|lenovo|lg electronics|medion|micro-star|microsoft corporation surface|minisforum|msi\\b|nvidia"
                    + "|orange ?pi|pine64|radxa|raspberry pi|razer|samsung|schenker|solidrun|supermicro|system76"
                    + "|toshiba|tuxedo)",
            Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);

    void putInto(Facts facts) {
        if (kind != Kind.UNKNOWN) {
            facts.put("hardware", Optional.of(kind.name().toLowerCase(Locale.ROOT)));
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
        Optional<String> signs = joined(
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
                        .reduce((one, other) -> one + "\n" + other));
        return of(firmware, signs.orElse(""), hypervisorFlag(machine.lines("proc/cpuinfo")));
    }

    /**
     * Judges the evidence.
     *
     * @param firmware vendor and product
     * @param signs a line for each thing that may tell of a hypervisor or a maker, firmware included
     * @param flag whether the processor says that there is a hypervisor, where it can say it. Where it cannot, the
     *     maker has to be a known one for the machine to count as physical.
     */
    static Hardware of(Optional<String> firmware, String signs, Optional<Boolean> flag) {
        Optional<String> hypervisor = HYPERVISORS.entrySet().stream()
                .filter(entry -> entry.getKey().matcher(signs).find())
                .map(Map.Entry::getValue)
                .findFirst();
        Kind kind = Kind.UNKNOWN;
        if (hypervisor.isPresent() || flag.orElse(false)) {
            kind = Kind.VIRTUAL;
        } else if (firmware.isPresent()
                && !CLOUD.matcher(signs).find()
                && (flag.isPresent() || MAKER.matcher(signs).find())) {
            kind = Kind.PHYSICAL;
        }
        return new Hardware(kind, hypervisor, firmware);
    }

    /** The {@code hypervisor} flag of x86 processors, which all have {@code fpu}; empty for others, as ARM. */
    static Optional<Boolean> hypervisorFlag(List<String> cpuinfo) {
        return cpuinfo.stream()
                .filter(line -> line.startsWith("flags"))
                .map(line -> List.of(line.split("\\s+")))
                .filter(flags -> flags.contains("fpu"))
                .map(flags -> flags.contains("hypervisor"))
                .findFirst();
    }

    /** Bytes 10 to 15 of an ACPI table: who made it. */
    static Optional<String> acpiMaker(String table) {
        return table.length() < 16 ? Optional.empty() : Optional.of(table.substring(10, 16));
    }

    private static Optional<String> joined(String between, Optional<?>... texts) {
        String joined =
                Stream.of(texts).flatMap(Optional::stream).map(String::valueOf).collect(Collectors.joining(between));
        return joined.isEmpty() ? Optional.empty() : Optional.of(joined);
    }

    /** In order: a name of its own before what it is built on. */
    private static Map<Pattern, String> hypervisors() {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("microsoft corporation virtual machine|hyperv_clocksource|^pci 1414:5353", "Hyper-V");
        names.put("vmware|^pci 15ad:", "VMware");
        names.put("virtualbox|innotek|^pci 80ee:", "VirtualBox");
        names.put("parallels|^pci 1ab8:", "Parallels");
        names.put("bhyve", "bhyve");
        names.put("apple virtualization", "Apple Virtualization");
        names.put("FIRECK|firecracker", "Firecracker");
        names.put("cloud hypervisor", "Cloud Hypervisor");
        names.put("amazon ec2 (?!.*\\.metal)", "Amazon EC2");
        names.put("\\bxen\\b|^pci 5853:", "Xen");
        names.put("\\bkvm\\b", "KVM");
        names.put("qemu|bochs|linux,dummy-virt|^pci 1b36:|^pci 1234:1111", "QEMU");
        Map<Pattern, String> hypervisors = new LinkedHashMap<>();
        names.forEach((sign, name) ->
                hypervisors.put(Pattern.compile(sign, Pattern.CASE_INSENSITIVE | Pattern.MULTILINE), name));
        return Collections.unmodifiableMap(hypervisors);
    }
}
