package dev.headroom.result;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a plan: the content of {@code run.json}.
 *
 * @param schemaVersion {@value #SCHEMA_VERSION}; goes up when a reader has to know
 * @param id the run folder's name
 * @param headroom version of Headroom
 * @param started ISO-8601 instant
 * @param ended ISO-8601 instant; absent while the run goes on or if it was broken off
 * @param plan the plan as it was run, options of the command line applied
 * @param environment where it ran; its {@code name} is the default value of the parameter environment
 * @param meters meters that worked, with what they measure; {@code vram} names the one behind ·vram.peak
 * @param unavailable signals that could not be measured here, with the reason
 * @param places the other environments of the run, by the value of the parameter environment
 * @param proof what the meters said of memory whose size is known; absent if it was not tried
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Run(
        int schemaVersion,
        String id,
        String headroom,
        String started,
        @Nullable String ended,
        Map<String, String> plan,
        Map<String, String> environment,
        Llama llama,
        List<Model> models,
        List<MeterFact> meters,
        Map<String, String> unavailable,
        Map<String, Place> places,
        @Nullable MeterReport proof,
        List<String> warnings,
        List<CellResult> cells) {

    public static final int SCHEMA_VERSION = 1;

    /** The same run at a later time. */
    public Run with(@Nullable String end, @Nullable MeterReport proved, List<String> told, List<CellResult> measured) {
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
                told,
                measured);
    }

    /** The same run in several places. */
    public Run in(List<Model> allModels, List<MeterFact> metersHere, Map<String, Place> others, List<String> told) {
        return new Run(
                schemaVersion,
                id,
                headroom,
                started,
                ended,
                plan,
                environment,
                llama,
                allModels,
                metersHere,
                unavailable,
                others,
                proof,
                told,
                cells);
    }

    /** Where cells with this value of the parameter environment ran. */
    public Place place(String environmentValue) {
        Place other = places.get(environmentValue);
        return other == null ? new Place(environment, llama, meters, unavailable) : other;
    }

    /**
     * An environment that forks of a run were started in, as Headroom saw it from inside.
     *
     * @param environment name and facts
     * @param meters as in {@link Run}
     * @param unavailable as in {@link Run}
     */
    public record Place(
            Map<String, String> environment, Llama llama, List<MeterFact> meters, Map<String, String> unavailable) {}

    /**
     * The llama.cpp that ran.
     *
     * @param version release, such as v0.4.0 or b6431
     * @param commit absent where the library does not tell
     * @param library path of the library
     * @param systemInfo CPU features in use, as llama.cpp prints them
     * @param fingerprint SHA-256 of its files: builds of one version differ
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
     * @param totalMib its memory in MiB, as ggml reports it; absent where it does not
     */
    public record Device(String name, String description, String type, @Nullable Double totalMib) {}

    /**
     * A model of the run.
     *
     * @param id the JMH parameter's value
     * @param path where the file is
     * @param synthetic whether Headroom wrote it, with random weights
     * @param fileBytes size of the file
     * @param tensorBytes bytes of weights in it
     * @param trainedContextLength tokens; absent if the file does not say
     * @param kvBytesPerToken what a token of context takes in a KV cache of type f16; absent where layers differ
     *     (sliding windows, recurrent layers, latent attention)
     * @param fingerprint SHA-256 over the file's size and parts of it; absent for synthetic models, which their id
     *     describes
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
     * @param metrics the labels it stands behind
     */
    public record MeterFact(String name, String scope, String semantics, List<String> metrics) {}
}
