package dev.headroom.llama;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The system and CPUs that a shared library is for, from its first bytes.
 *
 * @param system {@code Linux}, {@code Windows} or {@code macOS}
 * @param cpus {@code x86-64}, {@code arm64}, …; more than one in a universal library of macOS
 */
record BinaryHeader(String system, List<String> cpus) {
    private static final int ELF = 0x7f454c46;
    private static final int MACH_O_64 = 0xcffaedfe;
    private static final int MACH_O_UNIVERSAL = 0xcafebabe;
    private static final int MZ = 0x4d5a;
    private static final int PE = 0x50450000;
    private static final int HEAD_BYTES = 4096;

    BinaryHeader {
        cpus = List.copyOf(cpus);
    }

    static Optional<BinaryHeader> read(Path file) throws IOException {
        return parse(head(file));
    }

    private static byte[] head(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(HEAD_BYTES);
        }
    }

    /** The header in these first bytes of a file; empty if it is not a library. */
    static Optional<BinaryHeader> parse(byte[] head) {
        ByteBuffer bytes = ByteBuffer.wrap(head);
        if (head.length < 64) {
            return Optional.empty();
        }
        int magic = bytes.getInt(0);
        if (magic == ELF) {
            boolean big = bytes.get(5) == 2;
            boolean narrow = bytes.get(4) == 1;
            bytes.order(big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
            return Optional.of(new BinaryHeader("Linux", List.of(elfCpu(bytes.getShort(18), narrow, big))));
        }
        if (magic == MACH_O_64) {
            bytes.order(ByteOrder.LITTLE_ENDIAN);
            return Optional.of(new BinaryHeader("macOS", List.of(machCpu(bytes.getInt(4)))));
        }
        if (magic == MACH_O_UNIVERSAL) {
            return Optional.of(new BinaryHeader("macOS", universalCpus(bytes)));
        }
        if (magic >>> 16 == MZ) {
            return peCpu(bytes).map(cpu -> new BinaryHeader("Windows", List.of(cpu)));
        }
        return Optional.empty();
    }

    /** The system and CPU of this Java. They may differ from the machine's. */
    static BinaryHeader ofThisJava() {
        return of(System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    static BinaryHeader of(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT);
        String system =
                os.contains("win") && !os.contains("darwin") ? "Windows" : os.contains("mac") ? "macOS" : osName;
        String cpu =
                switch (osArch.toLowerCase(Locale.ROOT)) {
                    case "amd64", "x86_64" -> "x86-64";
                    case "aarch64", "arm64" -> "arm64";
                    default -> osArch;
                };
        return new BinaryHeader(system, List.of(cpu));
    }

    /** Whether a library with this header runs where {@code needed} is required. */
    boolean runsOn(BinaryHeader needed) {
        return system.equals(needed.system) && cpus.containsAll(needed.cpus);
    }

    /** Why a file cannot be loaded, as the rest of a sentence about the file; empty if it can be loaded. */
    static Optional<String> problem(Path file, BinaryHeader needed) throws IOException {
        byte[] head = head(file);
        Optional<BinaryHeader> header = parse(head);
        if (header.isEmpty()) {
            return Optional.of("is not a library (" + start(head) + ")");
        }
        if (!header.get().runsOn(needed)) {
            return Optional.of("is for " + header.get());
        }
        long size = Files.size(file);
        long whole = minimumElfSize(head);
        if (whole < 0) {
            return Optional.of("is damaged (its header is invalid)");
        }
        return size < whole ? Optional.of("is cut off (it has " + size + " of " + whole + " bytes)") : Optional.empty();
    }

    /**
     * The minimum size of a 64-bit ELF file, from its header; negative if the header is invalid. The section table, if
     * any, is at the file's end. The loader also maps the missing part of a file, and access to it kills the process.
     */
    private static long minimumElfSize(byte[] head) {
        ByteBuffer bytes = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
        if (Integer.reverseBytes(bytes.getInt(0)) != ELF) {
            return 0;
        }
        long sections = bytes.getLong(40);
        int entry = Short.toUnsignedInt(bytes.getShort(58));
        return sections == 0 ? 0 : sections + (long) entry * Short.toUnsignedInt(bytes.getShort(60));
    }

    private static String start(byte[] head) {
        if (head.length == 0) {
            return "an empty file";
        }
        String text = new String(head, 0, Math.min(head.length, 32), StandardCharsets.US_ASCII);
        boolean readable = text.chars().allMatch(c -> (c >= ' ' && c < 127) || c == '\n' || c == '\r' || c == '\t');
        return readable
                ? "it begins with the text \""
                        + text.lines().findFirst().orElse("").strip() + "\""
                : "it begins with bytes of no known library format";
    }

    @Override
    public String toString() {
        return system + " on " + String.join(" and ", cpus);
    }

    /** The CPU for {@code e_machine} of elf.h. */
    private static String elfCpu(int machine, boolean narrow, boolean big) {
        return switch (machine & 0xffff) {
            case 3 -> "x86 (32 bits)";
            case 21 -> big ? "ppc64" : "ppc64le";
            case 22 -> "s390x";
            case 40 -> "arm (32 bits)";
            case 62 -> narrow ? "x32" : "x86-64";
            case 183 -> "arm64";
            case 243 -> narrow ? "riscv32" : "riscv64";
            case 258 -> narrow ? "loongarch32" : "loongarch64";
            default -> "CPU type " + (machine & 0xffff);
        };
    }

    /** The CPU for {@code cpu_type_t} of mach/machine.h. */
    private static String machCpu(int type) {
        return switch (type) {
            case 0x01000007 -> "x86-64";
            case 0x0100000c -> "arm64";
            default -> "CPU type " + type;
        };
    }

    private static List<String> universalCpus(ByteBuffer bytes) {
        List<String> cpus = new ArrayList<>();
        int count = Math.min(bytes.getInt(4), 16);
        for (int i = 0; i < count && 8 + 20 * (i + 1) <= bytes.limit(); i++) {
            cpus.add(machCpu(bytes.getInt(8 + 20 * i)));
        }
        return cpus;
    }

    /** The CPU for {@code Machine} of the PE header. */
    private static Optional<String> peCpu(ByteBuffer bytes) {
        bytes.order(ByteOrder.LITTLE_ENDIAN);
        int header = bytes.getInt(60);
        if (header < 0 || header + 6 > bytes.limit() || Integer.reverseBytes(bytes.getInt(header)) != PE) {
            return Optional.empty();
        }
        int machine = bytes.getShort(header + 4) & 0xffff;
        return Optional.of(
                switch (machine) {
                    case 0x014c -> "x86 (32 bits)";
                    case 0x8664 -> "x86-64";
                    case 0xaa64 -> "arm64";
                    default -> "CPU type " + machine;
                });
    }
}
