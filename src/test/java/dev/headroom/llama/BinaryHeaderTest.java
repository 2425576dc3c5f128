package dev.headroom.llama;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BinaryHeaderTest {
    private static final BinaryHeader LINUX_X64 = BinaryHeader.of("Linux", "amd64");

    static byte[] elf(int machine) {
        return elf(machine, 0);
    }

    static byte[] elf(int machine, long sections) {
        return elf(machine, sections, 64);
    }

    /** @param sections offset of a table of ten sections; 0 for no table */
    static byte[] elf(int machine, long sections, int length) {
        ByteBuffer head = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        head.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).putShort(18, (short) machine);
        head.putLong(40, sections).putShort(58, (short) 64).putShort(60, (short) 10);
        return head.array();
    }

    private static byte[] pe(int machine) {
        ByteBuffer head = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        head.put(new byte[] {'M', 'Z'}).putInt(60, 248);
        head.position(248).put(new byte[] {'P', 'E', 0, 0}).putShort((short) machine);
        return head.array();
    }

    private static byte[] machO(int cpu) {
        return ByteBuffer.allocate(64)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0xfeedfacf)
                .putInt(cpu)
                .array();
    }

    private static byte[] universal(int... cpus) {
        ByteBuffer head = ByteBuffer.allocate(128).putInt(0xcafebabe).putInt(cpus.length);
        for (int i = 0; i < cpus.length; i++) {
            head.putInt(8 + 20 * i, cpus[i]);
        }
        return head.array();
    }

    @Test
    void parsesTheHeadersOfEachSystem() {
        assertThat(BinaryHeader.parse(elf(62))).contains(new BinaryHeader("Linux", List.of("x86-64")));
        assertThat(BinaryHeader.parse(elf(183))).contains(new BinaryHeader("Linux", List.of("arm64")));
        assertThat(BinaryHeader.parse(pe(0x8664))).contains(new BinaryHeader("Windows", List.of("x86-64")));
        assertThat(BinaryHeader.parse(pe(0xaa64))).contains(new BinaryHeader("Windows", List.of("arm64")));
        assertThat(BinaryHeader.parse(machO(0x0100000c))).contains(new BinaryHeader("macOS", List.of("arm64")));
        assertThat(BinaryHeader.parse(universal(0x01000007, 0x0100000c)))
                .contains(new BinaryHeader("macOS", List.of("x86-64", "arm64")));
        assertThat(BinaryHeader.parse(new byte[10])).isEmpty();
        assertThat(BinaryHeader.parse(new byte[4096])).isEmpty();
        assertThat(BinaryHeader.parse(Arrays.copyOf(pe(0x8664), 100))).isEmpty();
    }

    @Test
    void systemAndCpuOfThisJava() {
        assertThat(BinaryHeader.of("Windows 11", "amd64")).hasToString("Windows on x86-64");
        assertThat(BinaryHeader.of("Mac OS X", "aarch64")).hasToString("macOS on arm64");
        assertThat(new BinaryHeader("macOS", List.of("x86-64", "arm64")).runsOn(BinaryHeader.of("Mac OS X", "aarch64")))
                .isTrue();
        assertThat(LINUX_X64.runsOn(BinaryHeader.of("Windows 11", "amd64"))).isFalse();
    }

    @Test
    void reportsWhyAFileCannotBeLoaded(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("libllama.so");
        assertThat(problem(file, elf(62))).isEqualTo("none");
        assertThat(problem(file, elf(183))).isEqualTo("is for Linux on arm64");
        assertThat(problem(file, pe(0x8664))).isEqualTo("is for Windows on x86-64");
        assertThat(problem(file, elf(62, 1000, 1640))).isEqualTo("none");
        assertThat(problem(file, elf(62, 1000, 1639))).isEqualTo("is cut off (it has 1639 of 1640 bytes)");
        assertThat(problem(file, elf(62, -1000))).isEqualTo("is damaged (its header is invalid)");
        assertThat(problem(file, elf(62, Long.MAX_VALUE))).isEqualTo("is damaged (its header is invalid)");
        assertThat(problem(file, "version https://git-lfs.github.com/spec/v1\noid\n".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo("is not a library (it begins with the text \"version https://git-lfs.github.c\")");
        assertThat(problem(file, new byte[0])).isEqualTo("is not a library (an empty file)");
        assertThat(problem(file, new byte[100]))
                .isEqualTo("is not a library (it begins with bytes of no known library format)");
    }

    private static String problem(Path file, byte[] content) throws IOException {
        Files.write(file, content);
        return BinaryHeader.problem(file, LINUX_X64).orElse("none");
    }
}
