package dev.headroom.place;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.headroom.result.ForkResult;
import dev.headroom.result.NamedValues;
import dev.headroom.result.Prediction;
import dev.headroom.result.Run;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The messages between a Headroom and the one that it started in an environment. Each is a line of JSON: requests on
 * standard input, replies on standard output. Each request is answered before the next one.
 */
final class Messages {
    private Messages() {}

    /** A request of the Headroom outside. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "want")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Prepare.class, name = "prepare"),
        @JsonSubTypes.Type(value = MakeModels.class, name = "models"),
        @JsonSubTypes.Type(value = Prove.class, name = "proof"),
        @JsonSubTypes.Type(value = Remember.class, name = "remember"),
        @JsonSubTypes.Type(value = Measure.class, name = "fork"),
    })
    sealed interface Request permits Prepare, MakeModels, Prove, Remember, Measure {}

    /**
     * Inspect the place. It is the first request, answered by {@link Prepared}.
     *
     * @param headroom version, which must be the same on both sides
     * @param plan with paths of models as they are inside
     * @param environment the plan's label for the place
     * @param strict whether no figure taken under noise is kept
     * @param lock whether to take the machine's lock: on another machine
     */
    record Prepare(String headroom, NamedValues plan, String environment, boolean strict, boolean lock)
            implements Request {}

    /** Write the synthetic models. Answered by {@link Writing}, then {@link Done}. */
    record MakeModels() implements Request {}

    /** Prove the meters. Answered by {@link Proved}. */
    record Prove() implements Request {}

    /** Take a fork that was measured earlier into account. Answered by {@link Done}. */
    record Remember(ForkResult fork) implements Request {}

    /** Measure a fork. Answered by {@link Began}, {@link Warned} and in the end {@link Measured}. */
    record Measure(String cell, int fork) implements Request {}

    /** A reply of the Headroom inside. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "say")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Prepared.class, name = "prepared"),
        @JsonSubTypes.Type(value = Refused.class, name = "refused"),
        @JsonSubTypes.Type(value = Writing.class, name = "writing"),
        @JsonSubTypes.Type(value = Done.class, name = "done"),
        @JsonSubTypes.Type(value = Proved.class, name = "proved"),
        @JsonSubTypes.Type(value = Warned.class, name = "warning"),
        @JsonSubTypes.Type(value = Began.class, name = "begins"),
        @JsonSubTypes.Type(value = Measured.class, name = "measured"),
        @JsonSubTypes.Type(value = Alive.class, name = "alive"),
    })
    sealed interface Reply permits Prepared, Refused, Writing, Done, Proved, Warned, Began, Measured, Alive {}

    /**
     * The place before its first fork. The Headroom inside keeps the refusals of cells.
     *
     * @param cells resolved parameters by the cell's id
     * @param predictions by the cell's id
     */
    record Prepared(
            Run.PlaceFacts facts,
            List<Run.Model> models,
            Map<String, Map<String, String>> cells,
            Map<String, Prediction> predictions,
            List<String> warnings)
            implements Reply {}

    /** The request is refused, with a sentence. */
    record Refused(String reason) implements Reply {}

    /** A model is being written. */
    record Writing(String model, double done) implements Reply {}

    /** The request is fulfilled. */
    record Done() implements Reply {}

    /** See {@link Place.Proof}. */
    record Proved(Place.Proof proof) implements Reply {}

    /** A warning about the results. */
    record Warned(String text) implements Reply {}

    /** A fork begins, or an iteration of it: 1 for the first. */
    record Began(@Nullable Integer iteration) implements Reply {}

    /**
     * A fork has ended.
     *
     * @param fork null if it was cancelled
     * @param logs texts of its log files, by name
     * @param over whether the place can measure no more
     */
    record Measured(@Nullable ForkResult fork, Map<String, String> logs, boolean over) implements Reply {}

    /** A sign of life, sent every few seconds. */
    record Alive() implements Reply {}
}
