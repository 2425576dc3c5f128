package dev.headroom.llama.binding;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Pointer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ParamsLayoutTest {
    /** The default parameters of a library with this layout. */
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

    /** A later layout that only appends fields may match too, as the rest is zero. Its appended fields are not set. */
    @Test
    void eachLayoutMatchesItsOwnDefaults() {
        for (ParamsLayout layout : ParamsLayout.ALL) {
            ParamsLayout found = ParamsLayout.fitting(defaults(layout.model()), defaults(layout.context()))
                    .orElseThrow();
            assertThat(found.model().fields())
                    .containsAllEntriesOf(layout.model().fields());
            assertThat(found.context().fields())
                    .containsAllEntriesOf(layout.context().fields());
            for (String set : List.of("no_alloc", "load_mode", "n_outputs_max", "flash_attn_type", "flash_attn")) {
                assertThat(names(found))
                        .as(layout.versions() + " " + set)
                        .matches(n -> n.contains(set) == names(layout).contains(set));
            }
        }
    }

    private static Set<String> names(ParamsLayout layout) {
        Set<String> names = new HashSet<>(layout.model().fields().keySet());
        names.addAll(layout.context().fields().keySet());
        return names;
    }

    @Test
    void oldestAndNewestAreThoseOfTheLayouts() {
        assertThat(ParamsLayout.ALL.get(0).versions()).endsWith(ParamsLayout.NEWEST);
        assertThat(ParamsLayout.ALL.get(ParamsLayout.ALL.size() - 1).versions()).startsWith(ParamsLayout.OLDEST);
    }

    @Test
    void otherDefaultsMatchNoLayout() {
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
