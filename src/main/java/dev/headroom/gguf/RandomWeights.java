package dev.headroom.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;

/**
 * Random weights in their stored format. There is one pattern of about 512 KiB for each type, row length and role. A
 * tensor repeats it, starting at a random block. A pattern has a prime number of blocks, so that the rows of a tensor
 * start at different blocks.
 *
 * <p>Matrices have mean 0 and the standard deviation 1/√(row length), which keeps activations near 1 in all layers.
 * Scales are never denormal f16 numbers.
 */
final class RandomWeights implements GgufWriter.TensorData {
    private static final int PATTERN_BYTES = 512 << 10;

    /** The one tensor that is not random. */
    private static final String ROPE_FACTORS = "rope_freqs.weight";

    /** The smallest normal f16. */
    private static final float MIN_NORMAL = 0x1p-14f;

    /** Standard deviation of the uniform distribution from -1 to 1. */
    private static final double UNIT = 1 / Math.sqrt(3);

    /** What a tensor is for. The spread is the standard deviation of its scales' logarithm in SmolLM2 135M, Q4_1. */
    private enum Role {
        EMBEDDING_OR_ATTENTION(0.4),
        VALUE_OR_FEED_FORWARD(0.22),
        NORM(0),
        OFFSET(0);

        private final double spread;

        Role(double spread) {
            this.spread = spread;
        }
    }

    /** The spread of the ratio of minimum to scale in Q4_1. */
    private static final double MINIMUM_SPREAD = 0.19;

    private record Key(Role role, TensorType type, long row) {}

    private final Shape shape;
    private final String seed;
    private final Map<Key, ByteBuffer> patterns = new ConcurrentHashMap<>();

    /** The same shape and seed always give the same weights. */
    RandomWeights(Shape shape, String seed) {
        this.shape = shape;
        this.seed = seed;
    }

    /** Makes the patterns for these tensors, on all cores. */
    RandomWeights prepare(List<GgufTensor> tensors) {
        tensors.parallelStream()
                .filter(tensor -> !tensor.name().equals(ROPE_FACTORS))
                .map(RandomWeights::key)
                .distinct()
                .forEach(key -> patterns.put(key, pattern(key)));
        return this;
    }

    @Override
    public ByteBuffer next(GgufTensor tensor, long from) {
        if (tensor.name().equals(ROPE_FACTORS)) {
            return floats(shape.ropeFactors()).position((int) from);
        }
        ByteBuffer pattern = patterns.computeIfAbsent(key(tensor), this::pattern);
        int blocks = pattern.capacity() / tensor.type().blockBytes();
        long start = (long) new Random(hash(tensor.name())).nextInt(blocks)
                * tensor.type().blockBytes();
        int position = (int) ((start + from) % pattern.capacity());
        int length = (int) Math.min(pattern.capacity() - position, tensor.bytes() - from);
        return pattern.duplicate().position(position).limit(position + length);
    }

    private static Key key(GgufTensor tensor) {
        if (tensor.name().endsWith("norm.weight")) {
            return new Key(Role.NORM, tensor.type(), 0);
        }
        if (tensor.dims().size() == 1 || tensor.name().endsWith(".bias")) {
            return new Key(Role.OFFSET, tensor.type(), 0);
        }
        boolean narrow = tensor.name().contains(".ffn_") || tensor.name().endsWith("attn_v.weight");
        Role role = narrow ? Role.VALUE_OR_FEED_FORWARD : Role.EMBEDDING_OR_ATTENTION;
        return new Key(role, tensor.type(), tensor.dims().get(0));
    }

    private ByteBuffer pattern(Key key) {
        Random random = new Random(hash(key.role() + " " + key.type() + " " + key.row()));
        int blocks = primeBelow(PATTERN_BYTES / key.type().blockBytes());
        byte[] bytes = new byte[blocks * key.type().blockBytes()];
        random.nextBytes(bytes);
        ByteBuffer pattern = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        double deviation = key.row() > 0 ? 1 / Math.sqrt((double) key.row()) : 0.02;
        for (int at = 0; at < bytes.length; at += key.type().blockBytes()) {
            scale(pattern, at, key, deviation, random);
        }
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    /**
     * Sets the scales of the block at {@code at} and leaves its random codes as they are. Layouts are those of the
     * {@code block_*} structs in ggml-common.h. If a type's codes are not symmetric about zero, its scales get a random
     * sign, or a minimum shifts the codes.
     */
    private static void scale(ByteBuffer to, int at, Key key, double deviation, Random random) {
        double varied = deviation * spread(key.role().spread, random);
        switch (key.type()) {
            case F32 ->
                to.putFloat(at, (float)
                        ((key.role() == Role.NORM ? 1 : 0) + deviation / UNIT * (2 * random.nextFloat() - 1)));
            case F16 -> to.putShort(at, half(deviation / UNIT * (2 * random.nextFloat() - 1)));
            case Q8_0 -> to.putShort(at, half(varied / codes(256)));
            case Q4_0 -> to.putShort(at, half(sign(random) * varied / codes(16)));
            case Q5_0 -> to.putShort(at, half(sign(random) * varied / codes(32)));
            case Q4_1 -> {
                double step = varied / codes(16);
                to.putShort(at, half(step));
                to.putShort(at + 2, half(-7.5 * step * spread(MINIMUM_SPREAD, random)));
            }
            case Q4_K -> {
                // The scale and minimum of a sub-block are equal (12 to 19). So the codes' middle, 7.5 steps, becomes
                // 0.
                IntFunction<Integer> scales = i -> 12 + (to.get(at + 4 + i) & 7);
                double step = varied / codes(16) / 15.5;
                to.putShort(at, half(step));
                to.putShort(at + 2, half(7.5 * step));
                packScales(to, at + 4, scales);
            }
            case Q6_K -> {
                for (int i = 0; i < 16; i++) {
                    int scale = 2 + (to.get(at + 192 + i) & 3);
                    to.put(at + 192 + i, (byte) (random.nextBoolean() ? scale : -scale));
                }
                to.putShort(at + 208, half(varied / codes(64) / 3.5));
            }
            case MXFP4 -> to.put(at, (byte) (127 + Math.getExponent(varied / E2M1_DEVIATION * Math.sqrt(2))));
            default -> throw new IllegalArgumentException("No random weights of type " + key.type() + ".");
        }
    }

    /** Root mean square of MXFP4's values 0, 0.5, 1, 1.5, 2, 3, 4 and 6 with equal probability. */
    private static final double E2M1_DEVIATION = Math.sqrt(68.5 / 8);

    /** Packs the 6-bit scales and equal minimums of 8 sub-blocks into 12 bytes, for ggml's {@code get_scale_min_k4}. */
    private static void packScales(ByteBuffer to, int at, IntFunction<Integer> random) {
        int[] scales = new int[8];
        for (int i = 0; i < 8; i++) {
            scales[i] = random.apply(i);
        }
        for (int i = 0; i < 4; i++) {
            byte low = (byte) (scales[i] | (scales[i + 4] >> 4) << 6);
            to.put(at + i, low);
            to.put(at + 4 + i, low);
            to.put(at + 8 + i, (byte) ((scales[i + 4] & 15) | (scales[i + 4] & 15) << 4));
        }
    }

    /**
     * A log-normal factor with mean 1, limited to two standard deviations, like the scales of real models. The spread
     * matters for speed: on x86, ggml looks up each f16 scale in a table of 256 KiB. Nearly equal scales use few of its
     * cache lines, and a token took a quarter less time than with the real model.
     */
    private static double spread(double deviation, Random random) {
        double bounded = Math.max(-2, Math.min(2, random.nextGaussian()));
        return StrictMath.exp(deviation * bounded - deviation * deviation / 2);
    }

    /** Standard deviation of {@code count} consecutive integers with equal probability. */
    private static double codes(int count) {
        return Math.sqrt((count * (double) count - 1) / 12);
    }

    private static int sign(Random random) {
        return random.nextBoolean() ? 1 : -1;
    }

    /** The nearest f16. Denormals become the smallest normal number. */
    static short half(double value) {
        float magnitude = Math.max(MIN_NORMAL, (float) Math.abs(value));
        int rounded = Float.floatToIntBits(magnitude) + 0x1000;
        int bits = (rounded >>> 13) - ((127 - 15) << 10);
        return (short) (value < 0 ? bits | 0x8000 : bits);
    }

    private long hash(String what) {
        return ((long) seed.hashCode() << 32) | (what.hashCode() & 0xffffffffL);
    }

    private static int primeBelow(int limit) {
        int candidate = limit;
        while (!isPrime(candidate)) {
            candidate--;
        }
        return candidate;
    }

    private static boolean isPrime(int number) {
        for (int divisor = 2; (long) divisor * divisor <= number; divisor++) {
            if (number % divisor == 0) {
                return false;
            }
        }
        return true;
    }

    private static ByteBuffer floats(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return bytes.flip();
    }
}
