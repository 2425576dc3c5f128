package dev.headroom.place;

import dev.headroom.BadInput;
import dev.headroom.FileErrors;
import dev.headroom.environment.Environment;
import dev.headroom.fork.ForkListener;
import dev.headroom.gguf.ModelStore;
import dev.headroom.llama.LlamaHome;
import dev.headroom.plan.Cell;
import dev.headroom.plan.ModelName;
import dev.headroom.plan.Parameter;
import dev.headroom.plan.Plan;
import dev.headroom.plan.Profiles;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Run;
import dev.headroom.result.Warning;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A plan and the places that its cells run in, each looked at; nothing is written yet. */
public final class Places implements Closeable {
    private final Plan plan;
    private final List<Place> places;
    private final Optional<HostVram> host;
    private final List<String> entering;
    private final Map<String, Place> ofCell = new LinkedHashMap<>();
    private final List<Cell> cells;

    private Places(Plan plan, List<Place> places, Optional<HostVram> host, List<String> entering) {
        this.plan = plan;
        this.places = places;
        this.host = host;
        this.entering = entering;
        Map<String, Cell> resolved = new LinkedHashMap<>();
        for (Place place : places) {
            for (Cell cell : place.preparation().cells()) {
                resolved.put(cell.id(), cell);
                ofCell.put(cell.id(), place);
            }
        }
        cells = plan.cells().stream()
                .map(cell -> Objects.requireNonNull(resolved.get(cell.id())))
                .toList();
    }

    /**
     * Looks at every place that a plan names: the machine, llama.cpp, the models.
     *
     * @param llama what --llama names
     * @param version Headroom's
     * @param strict whether no figure is kept that was taken under noise
     * @throws BadInput if something cannot be used, or there is noise and the run is strict
     */
    public static Places open(Plan named, Optional<Path> llama, String version, boolean strict) {
        Plan plan = named.anywhere();
        List<String> labels = plan.cells().stream()
                .map(cell -> cell.value(Parameter.ENVIRONMENT))
                .distinct()
                .toList();
        Profiles profiles = Profiles.standard();
        Optional<HostVram> host = labels.stream()
                .flatMap(label -> EnvironmentProfile.find(profiles, label).stream())
                .filter(profile -> !isHere(profile) && profile.kind() != EnvironmentProfile.Kind.SSH)
                .findFirst()
                .map(profile -> HostVram.open());
        List<Place> places = new ArrayList<>();
        List<String> entering = new ArrayList<>();
        try {
            for (String label : labels) {
                Optional<EnvironmentProfile> profile = EnvironmentProfile.find(profiles, label);
                Optional<Double> before = host.flatMap(HostVram::used);
                places.add(open(plan, label, profile, llama, version, strict));
                Optional<Double> after = host.flatMap(HostVram::used);
                if (before.isPresent() && after.isPresent()) {
                    Warning.Entering.of(label, after.get() - before.get())
                            .map(Warning::text)
                            .ifPresent(entering::add);
                }
            }
            checkDistinct(places);
            return new Places(plan, places, host, entering);
        } catch (BadInput e) {
            places.forEach(Place::close);
            host.ifPresent(HostVram::close);
            throw e;
        }
    }

    private static Place open(
            Plan plan,
            String label,
            Optional<EnvironmentProfile> profile,
            Optional<Path> llama,
            String version,
            boolean strict) {
        if (profile.isEmpty() || isHere(profile.get())) {
            return LocalPlace.open(plan, label, llama, strict);
        }
        EnvironmentProfile known = profile.get();
        LaunchCommand entrance = LaunchCommand.of(
                known, here(plan, llama, known), ProcessHandle.current().pid() + "-" + label.toLowerCase(Locale.ROOT));
        LaunchCommand.unpacking(known)
                .ifPresent(command -> RemotePlace.unpack(
                        label, command, Path.of(known.text("bundle").orElseThrow())));
        return RemotePlace.open(plan, label, entrance, version, strict);
    }

    /**
     * Who is in WSL2, in a container or on Windows calls that place by its name, and does not want to enter another
     * one.
     */
    private static boolean isHere(EnvironmentProfile profile) {
        return switch (profile.kind()) {
            case LOCAL -> true;
            case WINDOWS -> System.getProperty("os.name").startsWith("Windows");
            case WSL, CONTAINER -> Environment.detect().name().equals(profile.name());
            case SSH, COMMAND -> false;
        };
    }

    /** An environment with a bundle of its own needs nothing from here but models. */
    private static HostFiles here(Plan plan, Optional<Path> llama, EnvironmentProfile profile) {
        boolean own = profile.text("home").isPresent() || profile.kind() == EnvironmentProfile.Kind.SSH;
        List<Path> classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(path -> Path.of(path).toAbsolutePath())
                .toList();
        List<Path> models = plan.cells().stream()
                .flatMap(cell -> cell.model().stream())
                .filter(ModelName::isFile)
                .map(ModelName::file)
                .distinct()
                .toList();
        List<Path> path = Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(folder -> !folder.isBlank())
                .map(Path::of)
                .toList();
        Path cache = ModelStore.ofUser().directory();
        try {
            Files.createDirectories(cache); // a container can only be given what is there
        } catch (IOException e) {
            throw FileErrors.cannotWrite(cache, e, ", or set HEADROOM_CACHE to another folder");
        }
        return new HostFiles(
                Path.of(System.getProperty("java.home")),
                classPath,
                own ? Path.of("") : LlamaHome.find(llama.orElse(null)).toAbsolutePath(),
                cache,
                models,
                path);
    }

    private static void checkDistinct(List<Place> places) {
        Map<String, Long> names = places.stream()
                .map(place -> place.preparation().name())
                .collect(Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()));
        names.forEach((name, count) -> {
            if (count > 1) {
                throw new BadInput("The plan has environment " + name + " twice, once as " + Preparation.LOCAL
                        + ": leave one of them out.");
            }
        });
    }

    /** What is run. */
    public Plan plan() {
        return plan;
    }

    /** In the plan's order, every {@code local} and {@code 0} resolved. */
    public List<Cell> cells() {
        return cells;
    }

    /** What was found in each place, in the order in which the plan names them. */
    public List<Preparation> preparations() {
        return places.stream().map(Place::preparation).toList();
    }

    /** Every model, as it is in the first place that needs it. */
    public Map<String, Run.Model> models() {
        Map<String, Run.Model> models = new LinkedHashMap<>();
        preparations().forEach(place -> place.models().forEach(models::putIfAbsent));
        return models;
    }

    /** What a reader should know; of several places it is said which. */
    public List<String> warnings() {
        Stream<String> ofPlaces = places.stream()
                .flatMap(place -> place.preparation().warnings().stream().map(warning -> in(place, warning)));
        return Stream.concat(entering.stream(), ofPlaces).distinct().toList();
    }

    /** A sentence about a place. */
    public String in(Place place, String sentence) {
        return places.size() == 1 ? sentence : place.preparation().name() + ": " + sentence;
    }

    /** How long a cell takes, about. */
    public Duration estimate(Cell cell) {
        return place(cell).preparation().estimate(cell);
    }

    /** How long the whole run takes, about. */
    public Duration estimate() {
        return cells.stream().map(this::estimate).reduce(Duration.ZERO, Duration::plus);
    }

    public List<Place> all() {
        return places;
    }

    public Place place(Cell cell) {
        return place(cell.id());
    }

    public Place place(String cell) {
        return Objects.requireNonNull(ofCell.get(cell));
    }

    public void makeModels(BiConsumer<Run.Model, Double> progress) {
        places.forEach(place -> place.makeModels(progress));
    }

    /** One fork where it belongs, see {@link Place#fork}, with what is seen of the card from here. */
    public Optional<ForkResult> fork(Path logs, Cell cell, int number, ForkListener listener) {
        Place place = place(cell);
        Supplier<Optional<ForkResult>> fork = () -> place.fork(logs, cell, number, listener);
        return host.isPresent() && place.onThisMachine() ? host.get().during(fork) : fork.get();
    }

    public void cancel() {
        places.forEach(Place::cancel);
    }

    public boolean isCancelled() {
        return places.stream().anyMatch(Place::isCancelled);
    }

    /** Cells that differ in nothing but the environment, together; in the order of each block's first. */
    public List<List<Cell>> blocks() {
        Map<List<Object>, List<Cell>> blocks = new LinkedHashMap<>();
        for (Cell cell : cells) {
            Map<Parameter<?>, Object> others = new HashMap<>(cell.values());
            others.remove(Parameter.ENVIRONMENT);
            blocks.computeIfAbsent(List.of(cell.benchmark(), others), key -> new ArrayList<>())
                    .add(cell);
        }
        return List.copyOf(blocks.values());
    }

    /**
     * Which cells of a block come next: those with the fewest forks, in the block's order and backwards in turn (A B B
     * A), so that what drifts steadily, such as temperature, meets all alike.
     *
     * @param forks how many forks of a cell have been measured
     */
    public static List<Cell> next(List<Cell> unfinished, Function<Cell, Integer> forks) {
        int round =
                unfinished.stream().map(forks).min(Comparator.naturalOrder()).orElse(0);
        List<Cell> next = new ArrayList<>(
                unfinished.stream().filter(cell -> forks.apply(cell) == round).toList());
        if (round % 2 == 1) {
            Collections.reverse(next);
        }
        return next;
    }

    /** The run before anything of it is measured. */
    public Run run(String id, String version, String started) {
        Run first = preparations().get(0).run(plan, id, version, started);
        Map<String, Run.PlaceFacts> others = new LinkedHashMap<>();
        for (Place place : places.subList(1, places.size())) {
            Run there = place.preparation().run(plan, id, version, started);
            others.put(
                    place.preparation().name(),
                    new Run.PlaceFacts(
                            there.environment(), there.llama(), withHost(place, there.meters()), there.unavailable()));
        }
        return first.in(List.copyOf(models().values()), withHost(places.get(0), first.meters()), others, warnings());
    }

    private List<Run.MeterFact> withHost(Place place, List<Run.MeterFact> meters) {
        Stream<Run.MeterFact> seen =
                host.filter(from -> place.onThisMachine()).stream().flatMap(from -> from.facts().stream());
        return Stream.concat(meters.stream(), seen).toList();
    }

    @Override
    public void close() {
        places.forEach(Place::close);
        host.ifPresent(HostVram::close);
    }
}
