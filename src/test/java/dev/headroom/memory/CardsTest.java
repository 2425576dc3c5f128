package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.result.Metric;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CardsTest {
    private static final String CUDA1 = "llama_prepare_model_devices: using device CUDA1 (NVIDIA GeForce RTX 4090)"
            + " (0000:41:00.0) - 23537 MiB free";
    private static final String CUDA0 = CUDA1.replace("CUDA1", "CUDA0").replace("0000:41", "0000:01");

    @ParameterizedTest
    @CsvSource({
        "0000:01:00.0, 0000:01:00.0",
        "00000000:0A:00.0, 0000:0a:00.0",
        "' 0001:C1:1f.7', 0001:c1:1f.7",
        "12345678:01:00.0, 12345678:01:00.0"
    })
    void pciIdsHaveOneSpelling(String text, String id) {
        assertThat(Cards.pciId(text)).contains(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "unknown id", "01:00.0", "0000:01:00.8", "0000:01:00.0x", "GPU-8f6a"})
    void otherTextsAreNoPciIds(String text) {
        assertThat(Cards.pciId(text)).isEmpty();
    }

    @Test
    void cardIsTheFirstOfTheModelLoadedLast() {
        assertThat(Cards.ofModel(List.of("load", CUDA1, CUDA0, "tensors", CUDA0, CUDA1)))
                .contains("0000:01:00.0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x: using device Vulkan0 (llvmpipe (LLVM 15.0.6, 256 bits)) (unknown id) - 7935 MiB free",
                "x: using device CUDA0 (NVIDIA GeForce RTX 4090) - 23537 MiB free",
                "x: skipping device CUDA0 (a) with id 0000:01:00.0 - already using device Vulkan0 (a) with the same id"
            })
    void cardIsUnknownWithoutAPciId(String line) {
        assertThat(Cards.ofModel(List.of(line))).isEmpty();
    }

    @Test
    void deviceNameIsInTheLogOfEveryRelease() {
        String older = "x: using device CUDA1 (NVIDIA GeForce RTX 4090) - 23537 MiB free";
        assertThat(Cards.deviceOfModel(List.of("load", CUDA0, "tensors", older, CUDA0)))
                .contains("CUDA1");
        assertThat(Cards.deviceOfModel(List.of("load"))).isEmpty();
    }

    @Test
    void selectsGaugesOfTheCardElseOfTheFirstCard() {
        FakeMeter a1 = on("a");
        FakeMeter b1 = on("b");
        FakeMeter a2 = on("a");
        List<FakeMeter> all = List.of(a1, b1, a2);
        assertThat(Cards.on("b", all)).containsExactly(b1);
        assertThat(Cards.on("c", all)).isEmpty();
        assertThat(Cards.on(null, all)).containsExactly(a1, a2);
        assertThat(Cards.on("a", List.<Gauge>of())).isEmpty();
    }

    private static FakeMeter on(String card) {
        return new FakeMeter(Metric.RAM_PEAK, OptionalLong::empty) {
            @Override
            public Optional<String> card() {
                return Optional.of(card);
            }
        };
    }
}
