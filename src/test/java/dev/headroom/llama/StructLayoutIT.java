package dev.headroom.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Structure;
import dev.headroom.Gcc;
import dev.headroom.llama.binding.GgmlBase;
import dev.headroom.llama.binding.LlamaBatch;
import dev.headroom.llama.binding.LlamaStateExt;
import dev.headroom.llama.binding.Params;
import dev.headroom.llama.binding.ParamsLayout;
import dev.headroom.llama.binding.StructLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares the layouts and constants of the binding with those of llama.cpp's headers, in a compiled C program. The
 * headers are in {@code <directory>/<release>/llama.h}. The directory is the system property or environment variable
 * HEADROOM_HEADERS, by default target/headers. src/test/scripts/headers.sh fetches the headers.
 */
class StructLayoutIT {
    /** Only subclasses can read the offset of a field from JNA. */
    private static final class Batch extends LlamaBatch {
        int offset(String field) {
            return fieldOffset(field);
        }
    }

    static List<String> releases() {
        return ParamsLayout.ALL.stream()
                .flatMap(layout -> Arrays.stream(layout.versions().split(", ")))
                .toList();
    }

    private static Path headers() {
        return Path.of(Optional.ofNullable(System.getProperty("HEADROOM_HEADERS"))
                .or(() -> Optional.ofNullable(System.getenv("HEADROOM_HEADERS")))
                .orElse("target/headers"));
    }

    @ParameterizedTest
    @MethodSource("releases")
    void layoutsAreThoseOfTheHeaders(String release, @TempDir Path work) throws Exception {
        Path headers = headers().resolve(release);
        assumeTrue(
                Files.exists(headers.resolve("llama.h")),
                () -> "skipped: no " + headers + "/llama.h; src/test/scripts/headers.sh fetches headers");
        assumeTrue(Gcc.isThere(), "skipped: no gcc");
        ParamsLayout layout = ParamsLayout.ALL.stream()
                .filter(l -> List.of(l.versions().split(", ")).contains(release))
                .findFirst()
                .orElseThrow();
        Map<String, Long> expected = new LinkedHashMap<>();
        expect(expected, "struct llama_model_params", layout.model());
        expect(expected, "struct llama_context_params", layout.context());
        expect(expected, new Batch());
        Arrays.stream(KvType.values())
                .forEach(type -> expected.put("GGML_TYPE_" + type.name(), (long) type.ggmlType()));
        if (layout.context().fields().containsKey("flash_attn_type")) {
            expected.put("LLAMA_FLASH_ATTN_TYPE_AUTO", (long) FlashAttention.AUTO.flashAttnType());
            expected.put("LLAMA_FLASH_ATTN_TYPE_ENABLED", (long) FlashAttention.ON.flashAttnType());
            expected.put("LLAMA_FLASH_ATTN_TYPE_DISABLED", (long) FlashAttention.OFF.flashAttnType());
        }
        expected.put("GGML_LOG_LEVEL_DEBUG", (long) GgmlBase.LOG_LEVEL_DEBUG);
        expected.put("GGML_LOG_LEVEL_ERROR", (long) GgmlBase.LOG_LEVEL_ERROR);
        expected.put("GGML_LOG_LEVEL_CONT", (long) GgmlBase.LOG_LEVEL_CONT);
        expected.put("GGML_BACKEND_DEVICE_TYPE_CPU", (long) GgmlBase.DEVICE_TYPE_CPU);
        if (Files.readString(headers.resolve("llama.h")).contains("LLAMA_STATE_SEQ_FLAGS_SWA_ONLY")) {
            expected.put("LLAMA_STATE_SEQ_FLAGS_SWA_ONLY", (long) LlamaStateExt.WINDOW_ONLY);
        }
        expected.put("GGML_MAX_N_THREADS", (long) ContextSettings.MAX_THREADS);
        expected.put("(sizeof(struct ggml_threadpool_params) <= " + Threadpool.PARAMS_SIZE + ")", 1L);
        expected.put("(sizeof(struct llama_context_params) <= " + new Params().size() + ")", 1L);

        assertThat(measure(expected.keySet().stream().toList(), headers, work)).isEqualTo(expected);
    }

    private static void expect(Map<String, Long> expected, String struct, StructLayout layout) {
        layout.fields().values().forEach(field -> {
            expected.put("offsetof(" + struct + ", " + field.name() + ")", (long) field.offset());
            expected.put("sizeof(((" + struct + " *) 0)->" + field.name() + ")", (long)
                    field.type().bytes());
        });
        expected.put("sizeof(" + struct + ")", (long) layout.sizeof());
    }

    private static void expect(Map<String, Long> expected, Batch batch) {
        for (String field :
                LlamaBatch.class.getAnnotation(Structure.FieldOrder.class).value()) {
            expected.put("offsetof(struct llama_batch, " + field + ")", (long) batch.offset(field));
        }
        expected.put("sizeof(struct llama_batch)", (long) batch.size());
    }

    private static Map<String, Long> measure(List<String> expressions, Path headers, Path work) throws Exception {
        String prints = expressions.stream()
                .map(e -> String.format(Locale.ROOT, "    printf(\"%%ld\\n\", (long) (%s));", e))
                .collect(Collectors.joining("\n"));
        Path source = work.resolve("probe.c");
        Files.writeString(
                source,
                "#include <stddef.h>\n#include <stdio.h>\n#include \"llama.h\"\nint main(void) {\n" + prints
                        + "\n    return 0;\n}\n");
        Path probe = work.resolve("probe");
        Gcc.run(List.of("gcc", "-w", "-I", headers.toString(), "-o", probe.toString(), source.toString()));
        List<String> values = Gcc.run(List.of(probe.toString())).lines().toList();
        Map<String, Long> measured = new LinkedHashMap<>();
        for (int i = 0; i < expressions.size(); i++) {
            measured.put(expressions.get(i), Long.valueOf(values.get(i)));
        }
        return measured;
    }
}
