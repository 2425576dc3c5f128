package dev.headroom.cli;

import dev.headroom.OneLine;
import dev.headroom.Units;
import dev.headroom.gguf.Gguf;
import dev.headroom.gguf.ModelStore;
import dev.headroom.gguf.Quantization;
import dev.headroom.gguf.Shape;
import dev.headroom.gguf.Shapes;
import dev.headroom.gguf.SyntheticModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code headroom model}: makes synthetic models and describes GGUF files. */
@Command(
        name = "model",
        description = "Make synthetic models and describe GGUF files.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {ModelCommand.ListShapes.class, ModelCommand.Make.class, ModelCommand.Show.class})
final class ModelCommand {
    private static final String QUANTIZATIONS =
            Arrays.stream(Quantization.values()).map(Quantization::id).collect(Collectors.joining(", "));

    @Mixin
    Output output = new Output();

    /** {@code model list}. */
    @Command(name = "list", description = "List the shapes of synthetic models.")
    static final class ListShapes implements Runnable {
        @Mixin
        Output output = new Output();

        @Override
        public void run() {
            List<Map<String, Object>> shapes = new ArrayList<>();
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("shape", "architecture", "parameters", "layers", "context", "source"));
            for (Shape shape : Shapes.all()) {
                shapes.add(facts(shape));
                rows.add(List.of(
                        shape.id(),
                        shape.architecture(),
                        String.format(Locale.ROOT, "%.3f", shape.parameterCount() / 1e9) + " B",
                        Integer.toString(shape.layers()),
                        Long.toString(shape.context()),
                        shape.source()));
            }
            output.answer(
                    shapes,
                    Output.table(rows) + "\nNames of synthetic models: synthetic-<shape>-<quantization>, or"
                            + " synthetic-<shape>-l<layers>-<quantization> with fewer layers.\nQuantizations: "
                            + QUANTIZATIONS + "\n");
        }

        private static Map<String, Object> facts(Shape shape) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("id", shape.id());
            facts.put("name", shape.name());
            facts.put("architecture", shape.architecture());
            facts.put("parameters", shape.parameterCount());
            facts.put("layers", shape.layers());
            facts.put("trainedContextLength", shape.context());
            facts.put("source", shape.source());
            return facts;
        }
    }

    /** {@code model make}. */
    @Command(name = "make", description = "Write synthetic models to the cache, unless they are already there.")
    static final class Make implements Runnable {
        @Mixin
        Output output = new Output();

        @Parameters(arity = "1..*", paramLabel = "MODEL", description = "For example synthetic-smollm2-135m-q4_0.")
        List<String> ids = List.of();

        @Override
        public void run() {
            List<SyntheticModel> models =
                    ids.stream().map(SyntheticModel::parse).toList();
            Map<String, String> paths = new LinkedHashMap<>();
            for (SyntheticModel model : models) {
                Path path = ModelStore.ofUser()
                        .make(model, (done, total) -> output.progress((double) done / total, "writing " + model.id()));
                paths.put(model.id(), path.toString());
            }
            output.answer(paths, String.join("\n", paths.values()) + "\n");
        }
    }

    /** {@code model show}. */
    @Command(
            name = "show",
            description = {"Describe a GGUF file or a synthetic model, and predict its memory without loading it."})
    static final class Show implements Runnable {
        @Mixin
        Output output = new Output();

        @Mixin
        MemoryOptions memory = new MemoryOptions();

        @Parameters(paramLabel = "MODEL", description = "A GGUF file or a synthetic model.")
        Path model = Path.of("");

        @Override
        public void run() {
            Map<String, Object> facts = new LinkedHashMap<>();
            Gguf gguf;
            if (SyntheticModel.isSynthetic(model.toString()) && !Files.exists(model)) {
                SyntheticModel synthetic = SyntheticModel.parse(model.toString());
                gguf = synthetic.header(ModelStore.ofUser().path(synthetic));
                facts.put("model", synthetic.id() + ", random weights");
                facts.put("shape", synthetic.shape().name());
                facts.put("source", synthetic.shape().source());
                facts.put("architecture", synthetic.shape().architecture());
                facts.put("quantization", synthetic.quantization().name());
                facts.put("layers", synthetic.layers());
                facts.put("trainedContextLength", synthetic.shape().context());
            } else {
                gguf = Gguf.read(model);
                describe(gguf, facts);
            }
            sizes(gguf, facts);
            List<List<String>> rows = new ArrayList<>();
            facts.forEach((fact, value) -> rows.add(List.of(fact, value.toString())));
            List<MemoryOptions.Predicted> predictions = memory.predict(gguf);
            facts.put("predictions", predictions);
            output.answer(facts, Output.table(rows) + "\n" + MemoryOptions.text(predictions));
        }

        static void describe(Gguf gguf, Map<String, Object> facts) {
            facts.put("model", OneLine.of(gguf.path().toString(), "?"));
            gguf.name().ifPresent(name -> facts.put("name", name));
            facts.put("architecture", gguf.architecture());
            gguf.fileTypeName().ifPresent(type -> facts.put("quantization", type));
            gguf.layers().ifPresent(layers -> facts.put("layers", layers));
            gguf.trainedContextLength().ifPresent(length -> facts.put("trainedContextLength", length));
            facts.put("tokenizer", gguf.hasTokenizer());
        }

        static void sizes(Gguf gguf, Map<String, Object> facts) {
            facts.put("fileMiB", mib(gguf.fileBytes()));
            facts.put("parameters", gguf.parameterCount());
            facts.put("tensors", gguf.tensors().size());
            facts.put("tensorMiB", mib(gguf.tensorBytes()));
            Map<String, Long> types = new TreeMap<>();
            gguf.tensors().forEach(tensor -> types.merge(tensor.type().name(), tensor.bytes(), Long::sum));
            types.forEach((type, size) -> facts.put("tensorMiB." + type, mib(size)));
        }

        private static double mib(long bytes) {
            return Math.round(bytes / Units.MIB * 100) / 100.0;
        }
    }
}
