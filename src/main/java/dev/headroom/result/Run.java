package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a plan: the content of {@code run.json}.
 *
 * @param schemaVersion {@value #SCHEMA_VERSION}; goes up when a reader must handle a change
 * @param id the run folder's name
 * @param headroom version of Headroom
 * @param started ISO-8601 instant
 * @param ended ISO-8601 instant; absent if the run has not ended or was interrupted
 * @param plan the plan with the options of the command line applied
 * @param environment facts about the environment; its {@code name} is the default value of the parameter environment
 * @param meters meters that worked, and the labels that they serve
 * @param unavailable labels of metrics without a working meter, with the reason
 * @param places the other environments of the run, by the value of the parameter environment
 * @param proof readings of every meter for memory of known size; absent if that was not tried
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Run(
        int schemaVersion,
        String id,
        String headroom,
        String started,
        @Nullable String ended,
        NamedValues plan,
        NamedValues environment,
        Llama llama,
        List<Model> models,
        List<MeterFact> meters,
        Map<String, String> unavailable,
        Map<String, PlaceFacts> places,
        @Nullable MeterReport proof,
        List<String> warnings,
        List<CellResult> cells) {

    public static final int SCHEMA_VERSION = 1;

    /** A copy of a later time. */
    public Run with(@Nullable String end, @Nullable MeterReport proved, List<String> warned, List<CellResult> done) {
        return new Run(
                schemaVersion,
                id,
                headroom,
                started,
                end,
                plan,
                environment,
                llama,
                models,
                meters,
                unavailable,
                places,
                proved,
                warned,
                done);
    }

    /** A copy with other facts about its environments. */
    public Run in(NamedValues environmentFacts, Map<String, PlaceFacts> placeFacts) {
        return new Run(
                schemaVersion,
                id,
                headroom,
                started,
                ended,
                plan,
                environmentFacts,
                llama,
                models,
                meters,
                unavailable,
                placeFacts,
                proof,
                warnings,
                cells);
    }

    /** The facts of the place where cells with this value of the parameter environment ran. */
    public PlaceFacts place(String environmentValue) {
        PlaceFacts other = places.get(environmentValue);
        return other == null ? new PlaceFacts(environment, llama, meters, unavailable) : other;
    }

    /**
     * An environment in which forks of a run started, described by the Headroom inside it.
     *
     * @param environment name and facts
     * @param meters as in {@link Run}
     * @param unavailable as in {@link Run}
     */
    public record PlaceFacts(
            NamedValues environment, Llama llama, List<MeterFact> meters, Map<String, String> unavailable) {}

    /**
     * The llama.cpp that ran.
     *
     * @param version release, such as v0.4.0 or b6431
     * @param commit absent if the library does not report it
     * @param library path of the library
     * @param systemInfo CPU features in use, as llama.cpp prints them
     * @param fingerprint SHA-256 of its files, as builds of one version may differ
     */
    public record Llama(
            String version,
            @Nullable String commit,
            String library,
            List<Device> devices,
            @Nullable String systemInfo,
            @Nullable String fingerprint) {}

    /**
     * A device llama.cpp can use.
     *
     * @param type cpu, gpu, igpu or accel
     * @param totalMib its memory in MiB, as ggml reports it; absent if ggml does not
     */
    public record Device(String name, String description, String type, @Nullable Double totalMib) {}

    /**
     * A model of the run.
     *
     * @param id the JMH parameter's value
     * @param path path of the file
     * @param synthetic whether Headroom wrote it, with random weights
     * @param fileBytes size of the file
     * @param tensorBytes bytes of weights in it
     * @param trainedContextLength tokens; absent if the file does not have it
     * @param kvBytesPerToken bytes of a KV cache of type f16 for each token of context; absent if layers differ
     *     (sliding windows, recurrent layers, latent attention)
     * @param fingerprint SHA-256 over the file's size and parts of it; absent for a synthetic model, as its id
     *     describes it
     */
    public record Model(
            String id,
            String path,
            boolean synthetic,
            @Nullable String architecture,
            @Nullable String quantization,
            long parameters,
            long fileBytes,
            long tensorBytes,
            @Nullable Long trainedContextLength,
            @Nullable Long kvBytesPerToken,
            @Nullable String fingerprint) {}

    /**
     * A meter that worked.
     *
     * @param scope process, device or system
     * @param semantics resident, committed or reserved
     * @param metrics the labels of the metrics that it serves
     */
    public record MeterFact(String name, String scope, String semantics, List<String> metrics) {}
}
