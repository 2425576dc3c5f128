package dev.headroom.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.BadInput;
import dev.headroom.llama.LlamaDevice;
import dev.headroom.llama.LlamaException;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.LlamaModel;
import dev.headroom.result.Json;
import dev.headroom.result.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Asks llama.cpp, in a process of its own, what it is and whether it knows a model. In this process it would take the
 * driver's memory for as long as the run lasts, and a library that crashes would take the run along.
 */
final class LlamaProbe {
    private LlamaProbe() {}

    /**
     * What the library in {@code home} says of itself.
     *
     * @throws BadInput if it cannot be used
     */
    static Run.Llama library(Path home) {
        String json = ask(home.toString());
        try {
            return Json.read(json, Run.Llama.class);
        } catch (JsonProcessingException e) {
            throw new BadInput(
                    "llama.cpp in " + home + " gave no answer that makes sense: name another with --llama DIR.", e);
        }
    }

    /**
     * Checks that the library in {@code home} knows the model's architecture and vocabulary; weights are not loaded.
     *
     * @throws BadInput if it does not
     */
    static void model(Path home, Path file) {
        ask(home.toString(), file.toAbsolutePath().toString());
    }

    private static String ask(String home, String... model) {
        String about = model.length == 0 ? "llama.cpp in " + home : "Model " + model[0] + " in llama.cpp of " + home;
        List<String> arguments = new ArrayList<>(List.of(home));
        arguments.addAll(List.of(model));
        return ProbeProcess.ask(LlamaProbe.class, about, arguments);
    }

    /** The other side: {@code <home> [model]}. */
    public static void main(String[] args) {
        try {
            LlamaLibrary library = LlamaLibrary.open(Path.of(args[0]));
            if (args.length > 1) {
                LlamaModel.check(library, Path.of(args[1]));
            } else {
                System.out.println(Json.line(describe(library)));
            }
        } catch (BadInput | LlamaException e) {
            System.err.println(e.getMessage());
            System.exit(ProbeProcess.BAD_INPUT);
        }
    }

    private static Run.Llama describe(LlamaLibrary library) {
        List<Run.Device> devices = new ArrayList<>();
        for (LlamaDevice device : library.devices()) {
            Double total = device.totalBytes().isPresent() ? device.totalBytes().getAsLong() / 1048576.0 : null;
            devices.add(new Run.Device(
                    device.name(),
                    device.description(),
                    device.type().toString().toLowerCase(Locale.ROOT),
                    total));
        }
        return new Run.Llama(
                library.build().version(),
                library.build().commit().orElse(null),
                library.build().library().toString(),
                devices,
                library.systemInfo(),
                Fingerprint.ofLibraries(library.build().directory()).orElse(null));
    }
}
