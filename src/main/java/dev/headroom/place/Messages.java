package dev.headroom.place;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Prediction;
import dev.headroom.result.Run;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a Headroom and the one that it started in an environment say to each other: a line of JSON each, requests on
 * standard input, replies on standard output. One request is answered before the next one is made.
 */
final class Messages {
    private Messages() {}

    /** What the one outside wants. */
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
     * The first one: look at the place. Answered by {@link Prepared}.
     *
     * @param headroom version, which has to be the same on both sides
     * @param name of the plan
     * @param plan its settings, paths of models as they are inside
     * @param environment what the plan calls the place
     * @param strict whether no figure is kept that was taken under noise
     * @param lock whether other benchmarks have to be kept away: on another machine
     */
    record Prepare(
            String headroom, String name, Map<String, String> plan, String environment, boolean strict, boolean lock)
            implements Request {}

    /** Make the synthetic models. Answered by {@link Writing}, then {@link Done}. */
    record MakeModels() implements Request {}

    /** Hold the meters against memory of known size. Answered by {@link Proved}. */
    record Prove() implements Request {}

    /** A fork that was measured earlier. Answered by {@link Done}. */
    record Remember(ForkResult fork) implements Request {}

    /** Measure a fork. Answered by {@link Began}, {@link Warned} and in the end {@link Measured}. */
    record Measure(String cell, int fork) implements Request {}

    /** What the one inside says. */
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
     * What is known before the first fork.
     *
     * @param run without cells
     * @param cells their parameters, resolved, by id
     * @param predictions by cell
     */
    record Prepared(Run run, Map<String, Map<String, String>> cells, Map<String, Prediction> predictions)
            implements Reply {}

    /** The request cannot be fulfilled; a sentence. */
    record Refused(String reason) implements Reply {}

    /** A model is being written. */
    record Writing(String model, double done) implements Reply {}

    /** The request is fulfilled. */
    record Done() implements Reply {}

    /** See {@link Place.Proof}. */
    record Proved(Place.Proof proof) implements Reply {}

    /** Something that a reader of the results should know. */
    record Warned(String text) implements Reply {}

    /** A fork begins, or an iteration of it: 1 for the first. */
    record Began(@Nullable Integer iteration) implements Reply {}

    /**
     * A fork has ended.
     *
     * @param fork absent if it was cancelled
     * @param logs what it left, by the file's name
     * @param over whether nothing more can be measured there
     */
    record Measured(@Nullable ForkResult fork, Map<String, String> logs, boolean over) implements Reply {}

    /** Said every few seconds. */
    record Alive() implements Reply {}
}
