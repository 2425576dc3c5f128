package dev.headroom.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Pointer;
import dev.headroom.llama.binding.Params;
import dev.headroom.llama.binding.ParamsLayout;
import dev.headroom.llama.binding.StructLayout;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class LlamaContextTest {
    private static ContextSettings settings(String outputs) {
        return new ContextSettings(
                512, 2048, 512, KvType.F16, FlashAttention.AUTO, 1, ContextSettings.outputs(outputs, 2048));
    }

    private static StructLayout layout(String release) {
        return ParamsLayout.ALL.stream()
                .filter(layout -> layout.versions().contains(release))
                .findFirst()
                .orElseThrow()
                .context();
    }

    @Test
    void outputsAreSetInTheReleasesThatHaveThem() {
        for (String release : new String[] {"b9842", "v0.4.0"}) {
            StructLayout layout = layout(release);
            Params params = new Params();
            StructLayout.Field outputs = Objects.requireNonNull(layout.fields().get("n_outputs_max"));
            Pointer field = params.getPointer().share(outputs.offset());

            LlamaContext.setOutputs(layout, params, settings("1"));
            assertThat(field.getInt(0)).isEqualTo(1);
            LlamaContext.setOutputs(layout, params, settings("64"));
            assertThat(field.getInt(0)).isEqualTo(64);
            LlamaContext.setOutputs(layout, params, settings("batch"));
            assertThat(field.getInt(0)).isEqualTo(2048);
        }
    }

    /** They always reserve for a whole micro-batch. */
    @Test
    void olderReleasesAcceptTheDefaultAndAtLeastAMicroBatch() {
        StructLayout layout = layout("b8390");
        for (String outputs : new String[] {"1", "512", "batch"}) {
            assertThatCode(() -> LlamaContext.setOutputs(layout, new Params(), settings(outputs)))
                    .doesNotThrowAnyException();
        }
        for (String outputs : new String[] {"2", "64", "511"}) {
            assertThatThrownBy(() -> LlamaContext.setOutputs(layout, new Params(), settings(outputs)))
                    .isInstanceOf(LlamaException.class)
                    .hasMessage("This release of llama.cpp cannot reserve for " + outputs
                            + " outputs, only for all tokens of a micro-batch: use outputs=batch, or b9842 or later.");
        }
    }
}
