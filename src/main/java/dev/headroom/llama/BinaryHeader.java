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
 * What the first bytes of a shared library say it is for.
 *
 * @param system {@code Linux}, {@code Windows} or {@code macOS}
 * @param cpus {@code x86-64}, {@code arm64}, …; several in a universal library of macOS
 */
record BinaryHeader(String system, List<String> cpus) {
    private static final int ELF = 0x7f454c46;
    private static final int MACH_O_64 = 0xcffaedfe;
    private static final int MACH_O_UNIVERSAL = 0xcafebabe;
    private static final int MZ = 0x4d5a;
    private static final int PE = 0x50450000;
    private static final int HEAD = 4096;

    BinaryHeader {
        cpus = List.copyOf(cpus);
    }

    static Optional<BinaryHeader> read(Path file) throws IOException {
        return parse(head(file));
    }

    private static byte[] head(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(HEAD);
        }
    }

    /** Empty: not a library of any system. */
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

    /** What is needed here: the system and CPU of this Java, which are not always those of the machine. */
    static BinaryHeader needed() {
        return needed(System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    static BinaryHeader needed(String osName, String osArch) {
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

    boolean serves(BinaryHeader needed) {
        return system.equals(needed.system) && cpus.containsAll(needed.cpus);
    }

    /** Why a file cannot be loaded here, as the end of a sentence that begins with the file; empty: it can. */
    static Optional<String> objection(Path file, BinaryHeader needed) throws IOException {
        byte[] head = head(file);
        Optional<BinaryHeader> header = parse(head);
        if (header.isEmpty()) {
            return Optional.of("is not a library: it " + begins(head));
        }
        if (!header.get().serves(needed)) {
            return Optional.of("is for " + header.get());
        }
        long size = Files.size(file);
        long whole = elfSize(head);
        if (whole < 0) {
            return Optional.of("is damaged: its header makes no sense");
        }
        return size < whole ? Optional.of("is cut off: it has " + size + " of " + whole + " bytes") : Optional.empty();
    }

    /**
     * The least size of a 64-bit ELF file by its own account, negative where that is nonsense: the table of sections,
     * if there is one, stands at its end. The loader would map what is missing, and the process would die when it
     * touches that.
     */
    private static long elfSize(byte[] head) {
        ByteBuffer bytes = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
        if (Integer.reverseBytes(bytes.getInt(0)) != ELF) {
            return 0;
        }
        long sections = bytes.getLong(40);
        int entry = Short.toUnsignedInt(bytes.getShort(58));
        return sections == 0 ? 0 : sections + (long) entry * Short.toUnsignedInt(bytes.getShort(60));
    }

    private static String begins(byte[] head) {
        if (head.length == 0) {
            return "is empty";
        }
        String text = new String(head, 0, Math.min(head.length, 32), StandardCharsets.US_ASCII);
        boolean readable = text.chars().allMatch(c -> (c >= ' ' && c < 127) || c == '\n' || c == '\r' || c == '\t');
        return readable
                ? "begins with the text \""
                        + text.lines().findFirst().orElse("").strip() + "\""
                : "begins with bytes that no system's libraries begin with";
    }

    @Override
    public String toString() {
        return system + " on " + String.join(" and ", cpus);
    }

    /** {@code e_machine} of elf.h. */
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

    /** The numbers of mach/machine.h. */
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

    /** {@code Machine} of the PE header. */
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
