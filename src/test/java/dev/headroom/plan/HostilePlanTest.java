package dev.headroom.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.BadInput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Any text of a plan or an option gives a plan or an error of one line. */
@Timeout(60)
class HostilePlanTest {
    private static final String PLAN =
            """
            description = a plan
            benchmarks = TokenGeneration, ModelLoad
            model = synthetic-smollm2-135m-q4_0, "models/a, b.gguf"
            contextLength = 512,\\
                4096
            kvType=f16,q8_0
            TimeToFirstToken.iterations: 3
            forks=2
            warmup=0
            time=300ms
            sampling=10ms
            """;

    @Test
    void plansAreReadOrRefused() {
        Random random = new Random(4);
        int read = 0;
        for (int i = 0; i < 1500; i++) {
            String text = HostileText.of(PLAN, random);
            read += answered(() -> Plan.parse("hostile", "plan", text).cells(), text) ? 1 : 0;
        }
        assertThat(read).isBetween(75, 1425);
    }

    @Test
    void planFilesOfAnyBytesAreReadOrRefused(@TempDir Path folder) throws IOException {
        Random random = new Random(5);
        Profiles profiles = new Profiles(List.of(), Map.of());
        Path file = folder.resolve("plan.properties");
        for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[random.nextInt(2000)];
            if (random.nextBoolean()) {
                bytes = PLAN.getBytes(StandardCharsets.UTF_8);
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            } else {
                random.nextBytes(bytes);
            }
            Files.write(file, bytes);
            answered(() -> profiles.plan(file.toString()), "bytes " + i);
        }
        for (int i = 0; i < 500; i++) {
            String name = HostileText.of("./quick.properties", random);
            answered(() -> profiles.plan(name), name);
        }
    }

    @Test
    void optionsAreTakenOrRefused() {
        Random random = new Random(6);
        Plan plan = Plan.parse("valid", "plan", PLAN);
        int read = 0;
        for (int i = 0; i < 1500; i++) {
            Overrides overrides = new Overrides(
                    some("synthetic-stories-15m-q8_0,x.gguf", random),
                    some("64,128", random),
                    some("local", random),
                    some("Token.*", random),
                    List.of(some("kvType=f16", random), some("ModelLoad.forks=2", random)),
                    some("1", random),
                    some("1", random),
                    some("2", random),
                    some("300ms", random));
            read += answered(() -> plan.with(overrides), overrides.toString()) ? 1 : 0;
        }
        assertThat(read).isBetween(75, 1425);
    }

    @Test
    void modelNamesAreTakenOrRefused() {
        Random random = new Random(7);
        for (int i = 0; i < 3000; i++) {
            String text = HostileText.of(random.nextBoolean() ? "models/a b.gguf" : "synthetic-a-q4_0", random);
            answered(
                    () -> assertThat(ModelName.of(new Entry("model", text, "test"), text)
                                    .id())
                            .matches("[A-Za-z0-9._-]+"),
                    text);
        }
    }

    private static String some(String valid, Random random) {
        return switch (random.nextInt(24)) {
            case 0 -> HostileText.of(valid, random);
            case 1 -> HostileText.piece(random);
            case 2, 3, 4, 5, 6, 7, 8, 9 -> valid;
            default -> "";
        };
    }

    /** Whether it gave a value. Any exception but a {@link BadInput} of one line fails the test. */
    private static boolean answered(Runnable reader, String about) {
        try {
            reader.run();
            return true;
        } catch (BadInput e) {
            assertThat(e.getMessage()).isNotBlank().doesNotContainPattern("[\\p{Cc}\\p{Zl}\\p{Zp}]");
            return false;
        } catch (RuntimeException | StackOverflowError e) {
            throw new AssertionError(about, e);
        }
    }
}
