package dev.headroom.probe;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.BadInput;
import dev.headroom.FileRetry;
import dev.headroom.Units;
import dev.headroom.llama.LlamaDevice;
import dev.headroom.llama.LlamaException;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.LlamaModel;
import dev.headroom.result.Json;
import dev.headroom.result.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Asks llama.cpp for its facts, and whether it loads a model, in a process of its own. In this process it would hold
 * driver memory during the whole run, and a crash would end the run.
 */
public final class LlamaProbe {
    private static final String LIBRARY = "library";
    private static final String MODEL = "model";

    private LlamaProbe() {}

    /**
     * The facts of the library in {@code home}, after a check that it computes correctly.
     *
     * @throws BadInput if it cannot be used
     */
    public static Run.Llama library(Path home) {
        try {
            Path proof = Files.createTempFile("headroom-proof", ".gguf");
            try {
                ComputeProof.write(proof);
                String json = ProbeProcess.ask(
                        LlamaProbe.class, "llama.cpp in " + home, List.of(LIBRARY, home.toString(), proof.toString()));
                return Json.read(json, Run.Llama.class);
            } finally {
                FileRetry.delete(proof);
            }
        } catch (JsonProcessingException e) {
            throw new BadInput(
                    "llama.cpp in " + home
                            + " gave an answer that cannot be read: choose another llama.cpp with --llama DIR.",
                    e);
        } catch (IOException e) {
            throw new BadInput("A temporary file could not be written (" + e.getMessage() + ").", e);
        }
    }

    /**
     * The reason why the library in {@code home} does not load a model: llama.cpp's message, or how its process ended.
     * Only architecture and vocabulary are loaded. Empty if the library accepts the model.
     */
    public static Optional<String> refusal(Path home, Path file) {
        Path absolute = file.toAbsolutePath();
        try {
            ProbeProcess.ask(
                    LlamaProbe.class,
                    "Model " + absolute + " in llama.cpp of " + home,
                    List.of(MODEL, home.toString(), absolute.toString()));
            return Optional.empty();
        } catch (ProbeProcess.NoAnswer e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /**
     * The process that answers. Arguments: {@code library <home> <model of the proof>} or {@code model <home> <model>}.
     */
    public static void main(String[] args) {
        try {
            LlamaLibrary library = LlamaLibrary.open(Path.of(args[1]));
            Path file = Path.of(args[2]);
            if (args[0].equals(MODEL)) {
                LlamaModel.check(library, file);
            } else {
                ComputeProof.check(library, file);
                ProbeProcess.answer(Json.line(describe(library)));
            }
        } catch (BadInput | LlamaException e) {
            ProbeProcess.refuse(e);
        }
    }

    private static Run.Llama describe(LlamaLibrary library) {
        List<Run.Device> devices = new ArrayList<>();
        for (LlamaDevice device : library.devices()) {
            Double total = device.totalBytes() == null ? null : device.totalBytes() / Units.MIB;
            devices.add(new Run.Device(
                    device.name(),
                    device.description(),
                    device.type().toString().toLowerCase(Locale.ROOT),
                    total));
        }
        return new Run.Llama(
                library.build().version(),
                library.build().commit(),
                library.build().library().toString(),
                devices,
                library.systemInfo(),
                Fingerprint.ofLibraries(library.build().directory()).orElse(null));
    }
}
