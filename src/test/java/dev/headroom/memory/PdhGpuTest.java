package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import dev.headroom.memory.PdhQuery.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PdhGpuTest {
    private static final String CARD = "luid_0x00000000_0x0000C8F1_phys_0";
    private static final String CHIP = "luid_0x00000000_0x0000e2b5_phys_0";

    private static Value value(String instance, long number) {
        return new Value(instance, true, number);
    }

    private static OptionalLong adapters(Value... values) {
        return PdhGpu.sum(List.of(values), PdhGpu.Reading.DEDICATED.instances(4711), false);
    }

    private static OptionalLong process(boolean seen, Value... values) {
        return PdhGpu.sum(List.of(values), PdhGpu.Reading.PROCESS_DEDICATED.instances(4711), seen);
    }

    @Test
    void addsUpAllAdapters() {
        assertThat(adapters(value(CARD, 8L << 30), value(CHIP, 128 << 20))).hasValue((8L << 30) + (128 << 20));
        assertThat(adapters(value(CARD, 0))).hasValue(0);
        assertThat(adapters()).isEmpty();
    }

    @Test
    void sumIsAbsentIfAnAdapterHasNoValue() {
        assertThat(adapters(value(CARD, 1), new Value(CHIP, false, 0))).isEmpty();
        assertThat(adapters(value(CARD, 1), value(CHIP, -1))).isEmpty();
    }

    @Test
    void addsUpTheProcessOnAllAdapters() {
        Value own = value("pid_4711_" + CARD, 100);
        Value onChip = value("pid_4711_" + CHIP, 20);
        Value other = value("pid_47110_" + CARD, 4);
        Value another = value("pid_471_" + CARD, 2);
        assertThat(process(false, other, own, onChip, another)).hasValue(120);
        assertThat(process(false, other, another))
                .as("the process has not opened a card yet")
                .isEmpty();
        assertThat(process(true, other, another))
                .as("the process has closed its cards")
                .hasValue(0);
        assertThat(process(true)).as("the reading failed").isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "_Total",
                "luid_0x00000000_0x0000C8F1",
                "luid_0x00000000_0x0000C8F1_phys_",
                "luid_0x000000000_0x0000C8F1_phys_0",
                "luid_0x00000000_0x0000C8G1_phys_0",
                "luid_0x00000000_0x0000C8F1_phys_0_part_0",
                "pid_1_luid_0x00000000_0x0000C8F1_phys_0",
                "luid_0x00000000_0x0000C8F1_phys_0\nluid_0x00000000_0x0000C8F1_phys_1"
            })
    void otherInstanceNamesAreNoAdapters(String instance) {
        assertThat(adapters(value(instance, 5))).isEmpty();
    }

    /** An array of {@code PDH_FMT_COUNTERVALUE_ITEM_W}, followed by the names. */
    @Test
    void readsAnArrayOfItems() {
        List<String> names = List.of(CARD, CHIP, "");
        int[] statuses = {0, 1, 0xC0000BC6};
        long[] numbers = {8L << 30, 5, 7};
        Memory items = new Memory(3 * 24 + 3 * 64L * Native.WCHAR_SIZE);
        long text = 3 * 24;
        for (int i = 0; i < 3; i++) {
            Pointer name = items.share(text);
            name.setWideString(0, names.get(i));
            items.setPointer(24L * i, name);
            items.setInt(24L * i + 8, statuses[i]);
            items.setInt(24L * i + 12, -1); // padding
            items.setLong(24L * i + 16, numbers[i]);
            text += 64L * Native.WCHAR_SIZE;
        }
        List<Value> expected = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            expected.add(new Value(names.get(i), i < 2, numbers[i]));
        }
        assertThat(PdhQuery.values(items, 3)).isEqualTo(expected);
        assertThat(PdhQuery.values(items, 0)).isEmpty();
    }
}
