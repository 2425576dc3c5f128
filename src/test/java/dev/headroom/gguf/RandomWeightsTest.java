package dev.headroom.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RandomWeightsTest {
    /** The longest row in the catalogue. It has the smallest scales. */
    private static final long ROW = 14336;

    @ParameterizedTest
    @CsvSource({"1, 0x3c00", "-2, 0xc000", "0.1, 0x2e66", "0.00006103515625, 0x0400", "0, 0x0400", "0.99999, 0x3c00"})
    void halfIsTheNearestNormalNumber(double value, String bits) {
        assertThat(RandomWeights.half(value))
                .isEqualTo((short) Integer.decode(bits).intValue());
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            names = {"F32", "F16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q4_K", "Q6_K", "MXFP4"})
    void matricesHaveMeanZeroAndDeviationOfTheirRow(TensorType type) {
        List<Double> values = values(new GgufTensor("blk.0.ffn_down.weight", type, List.of(ROW, 8L), 0));

        double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        double square =
                values.stream().mapToDouble(value -> value * value).average().orElseThrow();
        double expected = 1 / Math.sqrt(ROW);
        assertThat(values).hasSize((int) ROW * 8);
        assertThat(mean).isCloseTo(0, Offset.offset(expected / 20));
        assertThat(Math.sqrt(square)).isBetween(expected * 0.7, expected * 1.4);
    }

    @ParameterizedTest
    @CsvSource({"blk.0.attn_norm.weight, 0.95, 1.05", "blk.0.attn_q.bias, -0.05, 0.05"})
    void vectorsAreSmallOrNearOne(String name, double low, double high) {
        assertThat(values(new GgufTensor(name, TensorType.F32, List.of(1000L), 0)))
                .allMatch(value -> value > low && value < high);
    }

    private static List<Double> values(GgufTensor tensor) {
        RandomWeights weights = new RandomWeights(Shapes.named("llama-3.1-8b"), "test");
        ByteBuffer all = ByteBuffer.allocate((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        while (all.hasRemaining()) {
            all.put(weights.next(tensor, all.position()));
        }
        List<Double> values = new ArrayList<>();
        for (int at = 0; at < all.capacity(); at += tensor.type().blockBytes()) {
            decode(tensor.type(), all, at, values);
        }
        return values;
    }

    /** Decodes a block like the {@code dequantize_row_*} functions of ggml-quants.c. The order of values differs. */
    private static void decode(TensorType type, ByteBuffer from, int at, List<Double> to) {
        switch (type) {
            case F32 -> to.add((double) from.getFloat(at));
            case F16 -> to.add(scale(from, at));
            case Q8_0 -> {
                for (int i = 0; i < 32; i++) {
                    to.add(scale(from, at) * from.get(at + 2 + i));
                }
            }
            case Q4_0 -> nibbles(from, at + 2, 16, code -> scale(from, at) * (code - 8), to);
            case Q4_1 -> nibbles(from, at + 4, 16, code -> scale(from, at) * code + scale(from, at + 2), to);
            case Q5_0 -> {
                for (int i = 0; i < 32; i++) {
                    int low = bits(from, at + 6 + i % 16, i / 16 * 4, 4);
                    int high = bits(from, at + 2 + i / 8, i % 8, 1);
                    to.add(scale(from, at) * (low + 16 * high - 16));
                }
            }
            case Q4_K -> {
                for (int j = 0; j < 8; j++) {
                    int sub = j;
                    int shift = j % 2 * 4;
                    for (int i = 0; i < 32; i++) {
                        int code = bits(from, at + 16 + j / 2 * 32 + i, shift, 4);
                        to.add(scale(from, at) * factor(from, at + 4, sub, 0) * code
                                - scale(from, at + 2) * factor(from, at + 4, sub, 4));
                    }
                }
            }
            case Q6_K -> {
                for (int i = 0; i < 256; i++) {
                    int half = i / 128;
                    int quarter = i % 128 / 32;
                    int low = bits(from, at + half * 64 + quarter % 2 * 32 + i % 32, quarter / 2 * 4, 4);
                    int high = bits(from, at + 128 + half * 32 + i % 32, quarter * 2, 2);
                    to.add(scale(from, at + 208) * from.get(at + 192 + i / 16) * (low + 16 * high - 32));
                }
            }
            case MXFP4 -> {
                double[] magnitudes = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
                double scale = Math.scalb(1.0, from.get(at) - 127);
                nibbles(from, at + 1, 16, code -> (code < 8 ? scale : -scale) * magnitudes[code & 7], to);
            }
            default -> throw new IllegalArgumentException(type.toString());
        }
    }

    private static void nibbles(ByteBuffer from, int at, int bytes, IntToDoubleFunction value, List<Double> to) {
        for (int i = 0; i < bytes; i++) {
            to.add(value.applyAsDouble(bits(from, at + i, 0, 4)));
            to.add(value.applyAsDouble(bits(from, at + i, 4, 4)));
        }
    }

    /** {@code get_scale_min_k4}: the scale ({@code which} 0) or the minimum ({@code which} 4) of a sub-block. */
    private static int factor(ByteBuffer from, int at, int sub, int which) {
        return sub < 4
                ? bits(from, at + sub + which, 0, 6)
                : bits(from, at + sub + 4, which, 4) + 16 * bits(from, at + sub - 4 + which, 6, 2);
    }

    private static int bits(ByteBuffer from, int at, int shift, int count) {
        return (from.get(at) >> shift) & ((1 << count) - 1);
    }

    /** An f16. It must be a normal number. */
    private static double scale(ByteBuffer from, int at) {
        int bits = from.getShort(at);
        int exponent = (bits >> 10) & 31;
        assertThat(exponent).isBetween(1, 30);
        double magnitude = Math.scalb(1024.0 + (bits & 1023), exponent - 25);
        return bits < 0 ? -magnitude : magnitude;
    }
}
