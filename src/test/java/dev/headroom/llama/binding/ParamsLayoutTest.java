package dev.headroom.llama.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Pointer;
import java.util.List;
import org.junit.jupiter.api.Test;

class ParamsLayoutTest {
    /** What a library of this layout would return. */
    private static Params defaults(StructLayout layout) {
        Params params = new Params();
        Pointer memory = params.getPointer();
        layout.fields().values().forEach(field -> {
            double value = field.defaults().get(0);
            switch (field.type()) {
                case BOOL -> memory.setByte(field.offset(), (byte) value);
                case INT32 -> memory.setInt(field.offset(), (int) value);
                case FLOAT -> memory.setFloat(field.offset(), (float) value);
                case POINTER, SIZE -> memory.setLong(field.offset(), (long) value);
            }
        });
        return params;
    }

    @Test
    void eachLayoutFitsItsOwnDefaultsAlone() {
        for (ParamsLayout layout : ParamsLayout.ALL) {
            assertThat(ParamsLayout.fitting(defaults(layout.model()), defaults(layout.context())))
                    .contains(layout);
        }
    }

    @Test
    void anythingElseFitsNone() {
        ParamsLayout newest = ParamsLayout.ALL.get(0);
        assertThat(ParamsLayout.fitting(new Params(), new Params())).isEmpty();
        for (String field : List.of("n_ctx", "n_threads", "flash_attn_type", "type_v")) {
            Params context = defaults(newest.context());
            newest.context().setInt(context, field, 77);
            assertThat(ParamsLayout.fitting(defaults(newest.model()), context))
                    .as(field)
                    .isEmpty();
            assertThat(newest.context().misfit(context).orElseThrow().name()).isEqualTo(field);
        }
    }
}
