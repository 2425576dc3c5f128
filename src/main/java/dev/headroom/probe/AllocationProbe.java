package dev.headroom.probe;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.BadInput;
import dev.headroom.FileRetry;
import dev.headroom.llama.ContextSettings;
import dev.headroom.llama.LlamaException;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.llama.LlamaSimulation;
import dev.headroom.result.Json;
import dev.headroom.result.Observed.BufferSize;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks llama.cpp what it would allocate for a model and contexts. It runs in a process of its own, so that a crash of
 * the library ends no run.
 */
final class AllocationProbe {
    private AllocationProbe() {}

    /** A model with a number of layers on devices, and the contexts to make from it. */
    record Request(int gpuLayers, List<ContextSettings> contexts) {}

    /** One answer for each request, in order. */
    record Answer(List<Load> loads) {}

    /**
     * The answer to a request.
     *
     * @param failure the reason; null if the model was loaded
     * @param devices the device of each layer, then of the output
     * @param hostBuffers see {@link LlamaSimulation#hostBuffers()}
     * @param contexts one for each context of the request
     */
    record Load(
            @Nullable String failure,
            List<String> devices,
            Map<String, List<String>> hostBuffers,
            List<Context> contexts) {
        static Load failed(String failure) {
            return new Load(failure, List.of(), Map.of(), List.of());
        }
    }

    /**
     * The simulated allocations of a context.
     *
     * @param failure llama.cpp's reason for refusing it; null if it was made
     * @param kvMib KV cache on all devices together, in MiB; null without a KV cache
     */
    record Context(
            @Nullable String failure,
            @Nullable Boolean flashAttention,
            @Nullable Double kvMib,
            List<BufferSize> buffers) {}

    /** @throws BadInput if there is no answer */
    static List<Load> ask(Path home, Path model, List<Request> requests) {
        try {
            Path file = Files.createTempFile("headroom-probe", ".json");
            try {
                Files.writeString(file, Json.line(requests));
                String json = ProbeProcess.ask(
                        AllocationProbe.class,
                        "The simulation of " + model + " in llama.cpp of " + home,
                        List.of(home.toString(), model.toString(), file.toString()));
                return Json.read(json, Answer.class).loads();
            } finally {
                FileRetry.delete(file);
            }
        } catch (JsonProcessingException e) {
            throw new BadInput("The simulation of " + model + " gave an answer that cannot be read.", e);
        } catch (IOException e) {
            throw new BadInput("A temporary file could not be written (" + e.getMessage() + ").", e);
        }
    }

    /** The process that answers. Arguments: {@code <home> <model> <requests>}. */
    public static void main(String[] args) {
        try {
            LlamaLibrary library = LlamaLibrary.open(Path.of(args[0]));
            List<Load> loads = new ArrayList<>();
            for (Request request : Json.read(Files.readString(Path.of(args[2])), Request[].class)) {
                loads.add(load(library, Path.of(args[1]), request));
            }
            ProbeProcess.answer(Json.line(new Answer(loads)));
        } catch (BadInput | LlamaException e) {
            ProbeProcess.refuse(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Load load(LlamaLibrary library, Path model, Request request) {
        try (LlamaSimulation simulation = LlamaSimulation.load(library, model, request.gpuLayers())) {
            return new Load(
                    null,
                    simulation.devices(),
                    simulation.hostBuffers(),
                    request.contexts().stream()
                            .map(settings -> context(simulation, settings))
                            .toList());
        } catch (LlamaException e) {
            return Load.failed(String.valueOf(e.getMessage()));
        }
    }

    private static Context context(LlamaSimulation simulation, ContextSettings settings) {
        try {
            LlamaSimulation.Context context = simulation.context(settings);
            return new Context(null, context.flashAttention(), context.kvMebibytes(), Buffers.sizes(context.buffers()));
        } catch (LlamaException e) {
            return new Context(String.valueOf(e.getMessage()), null, null, List.of());
        }
    }
}
