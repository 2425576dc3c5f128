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
import org.jspecify.annotations.Nullable;

/** A plan and the inspected places that its cells run in. */
public final class Places implements Closeable {
    private final Plan plan;
    private final List<Place> places;
    private final @Nullable HostVram host;
    private final List<String> entering;
    private final Map<String, Place> ofCell = new LinkedHashMap<>();
    private final List<Cell> cells;

    private Places(Plan plan, List<Place> places, @Nullable HostVram host, List<String> entering) {
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
     * Inspects every place that a plan names: machine, llama.cpp and models.
     *
     * @param llama value of --llama; null without one
     * @param version Headroom's version
     * @param strict whether no figure taken under noise is kept
     * @throws BadInput if something cannot be used, or there is noise and the run is strict
     */
    public static Places open(Plan named, @Nullable Path llama, String version, boolean strict) {
        Plan plan = named.anywhere();
        List<String> labels = plan.cells().stream()
                .map(cell -> cell.value(Parameter.ENVIRONMENT))
                .distinct()
                .toList();
        Profiles profiles = Profiles.standard();
        boolean outside = labels.stream()
                .flatMap(label -> EnvironmentProfile.find(profiles, label).stream())
                .anyMatch(profile -> !isCurrent(profile) && profile.kind() != EnvironmentProfile.Kind.SSH);
        HostVram host = outside ? HostVram.open() : null;
        List<Place> places = new ArrayList<>();
        List<String> entering = new ArrayList<>();
        try {
            for (String label : labels) {
                Optional<Double> before = used(host);
                places.add(open(
                        plan, label, EnvironmentProfile.find(profiles, label).orElse(null), llama, version, strict));
                Optional<Double> after = used(host);
                if (before.isPresent() && after.isPresent()) {
                    Warning.Entering.of(label, after.get() - before.get())
                            .map(Warning::text)
                            .ifPresent(entering::add);
                }
            }
            checkDistinct(places);
            return new Places(plan, places, host, entering);
        } catch (BadInput e) {
            close(places, host);
            throw e;
        }
    }

    private static Optional<Double> used(@Nullable HostVram host) {
        return host == null ? Optional.empty() : host.used();
    }

    private static Place open(
            Plan plan,
            String label,
            @Nullable EnvironmentProfile profile,
            @Nullable Path llama,
            String version,
            boolean strict) {
        if (profile == null || isCurrent(profile)) {
            return LocalPlace.open(plan, label, llama, strict);
        }
        LaunchCommand entrance = LaunchCommand.of(
                profile,
                here(plan, llama, profile),
                ProcessHandle.current().pid() + "-" + label.toLowerCase(Locale.ROOT));
        LaunchCommand.unpacking(profile)
                .ifPresent(command -> RemotePlace.unpack(
                        label, command, Path.of(profile.text("bundle").orElseThrow())));
        return RemotePlace.open(plan, label, entrance, version, strict);
    }

    /**
     * Whether a profile is about the current environment. Inside WSL2, for example, {@code --environment wsl2} means
     * the current system.
     */
    private static boolean isCurrent(EnvironmentProfile profile) {
        return switch (profile.kind()) {
            case LOCAL -> true;
            case WINDOWS -> System.getProperty("os.name").startsWith("Windows");
            case WSL, CONTAINER -> Environment.detect().name().equals(profile.name());
            case SSH, COMMAND -> false;
        };
    }

    /** The files of this Headroom that another environment uses. One with its own bundle needs only models. */
    private static HostFiles here(Plan plan, @Nullable Path llama, EnvironmentProfile profile) {
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
            Files.createDirectories(cache); // a container can only mount an existing folder
        } catch (IOException e) {
            throw FileErrors.cannotWrite(cache, e, ", or set HEADROOM_CACHE to another folder");
        }
        return new HostFiles(
                Path.of(System.getProperty("java.home")),
                classPath,
                own ? Path.of("") : LlamaHome.find(llama).toAbsolutePath(),
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
                throw new BadInput("Environment " + name + " is in the plan twice, once as " + Preparation.LOCAL
                        + ": remove one of them.");
            }
        });
    }

    /** The plan. */
    public Plan plan() {
        return plan;
    }

    /** All cells in the plan's order, with every {@code local} and {@code 0} resolved. */
    public List<Cell> cells() {
        return cells;
    }

    /** The inspected places, in the plan's order. */
    public List<Preparation> preparations() {
        return places.stream().map(Place::preparation).toList();
    }

    /** All models by id, with the path in the first place that needs them. */
    public Map<String, Run.Model> models() {
        Map<String, Run.Model> models = new LinkedHashMap<>();
        preparations().forEach(place -> place.models().forEach(models::putIfAbsent));
        return models;
    }

    /** Warnings about the places. With several places each names its place. */
    public List<String> warnings() {
        Stream<String> ofPlaces = places.stream()
                .flatMap(place -> place.preparation().warnings().stream().map(warning -> in(place, warning)));
        return Stream.concat(entering.stream(), ofPlaces).distinct().toList();
    }

    /** A sentence that names its place, if there are several. */
    public String in(Place place, String sentence) {
        return places.size() == 1 ? sentence : place.preparation().name() + ": " + sentence;
    }

    /** The estimated duration of a cell. */
    public Duration estimate(Cell cell) {
        return place(cell).preparation().estimate(cell.id()).duration();
    }

    /** The estimated duration of the run. */
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

    /** Measures a fork in its place, see {@link Place#fork}. The host's readings of the card are added. */
    public Optional<ForkResult> fork(Path logs, Cell cell, int number, ForkListener listener) {
        Place place = place(cell);
        Supplier<Optional<ForkResult>> fork = () -> place.fork(logs, cell, number, listener);
        return host != null && place.onThisMachine() ? host.during(fork) : fork.get();
    }

    public void cancel() {
        places.forEach(Place::cancel);
    }

    public boolean isCancelled() {
        return places.stream().anyMatch(Place::isCancelled);
    }

    /** Blocks of cells that are planned to differ only in the environment, in the order of their first cells. */
    public List<List<Cell>> blocks() {
        Map<List<Object>, List<Cell>> blocks = new LinkedHashMap<>();
        for (Cell cell : cells) {
            Map<Parameter<?>, Object> others = new HashMap<>(cell.planned());
            others.remove(Parameter.ENVIRONMENT);
            blocks.computeIfAbsent(List.of(cell.benchmark(), others), key -> new ArrayList<>())
                    .add(cell);
        }
        return List.copyOf(blocks.values());
    }

    /**
     * The next cells of a block: those with the fewest forks. The order is reversed in every second round (A B B A). A
     * steady drift, for example of temperature, then affects all cells equally.
     *
     * @param forks the number of measured forks of a cell
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

    /** The run before its first fork. */
    public Run run(String id, String version, String started) {
        Map<String, Run.PlaceFacts> others = new LinkedHashMap<>();
        places.stream().skip(1).forEach(place -> others.put(place.preparation().name(), facts(place)));
        Run.PlaceFacts first = facts(places.get(0));
        return new Run(
                Run.SCHEMA_VERSION,
                id,
                version,
                started,
                null,
                PlanRecord.of(plan),
                first.environment(),
                first.llama(),
                List.copyOf(models().values()),
                first.meters(),
                first.unavailable(),
                others,
                null,
                warnings(),
                List.of());
    }

    /** The facts of a place, with the meters that see its card from outside. */
    private Run.PlaceFacts facts(Place place) {
        Run.PlaceFacts facts = place.preparation().facts();
        if (host == null || !place.onThisMachine()) {
            return facts;
        }
        List<Run.MeterFact> meters = new ArrayList<>(facts.meters());
        meters.addAll(host.facts());
        return new Run.PlaceFacts(facts.environment(), facts.llama(), meters, facts.unavailable());
    }

    @Override
    public void close() {
        close(places, host);
    }

    private static void close(List<Place> places, @Nullable HostVram host) {
        places.forEach(Place::close);
        if (host != null) {
            host.close();
        }
    }
}
