package dev.headroom.place;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import dev.headroom.plan.Entry;
import dev.headroom.plan.Profiles;
import dev.headroom.plan.PropertiesText;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * How to enter an environment: the content of {@code profiles/environments/<name>.properties}. The name is a value of
 * the parameter environment. It must be the name that Headroom detects inside, optionally followed by
 * {@code -something}.
 *
 * <p>Keys of every kind that is entered, all about files inside: {@code home} is the folder of an unpacked bundle.
 * {@code llama} is the directory of llama.cpp. {@code java} is the Java program. {@code cache} is
 * {@code HEADROOM_CACHE}; the kind {@code windows} has no such key.
 *
 * @param name in {@code [A-Za-z0-9._-]}
 * @param entries the settings by key
 */
public record EnvironmentProfile(String name, Kind kind, Map<String, Entry> entries) {
    private static final Set<String> INSIDE = Set.of("home", "java", "llama", "cache");

    /** Ways to enter. */
    public enum Kind {
        /** Here: nothing is entered, the environment only has a name of its own. */
        LOCAL(Set.of(), Set.of()),
        /**
         * A container of podman or docker. {@code engine}: its program, by default whichever of both is there;
         * {@code engineOptions}: list, before {@code run}; {@code image}, or {@code rootfs}: a folder with a root file
         * system; {@code gpu}: {@code nvidia}, {@code amd} or {@code dri}; {@code memory} and {@code cpus}: limits, as
         * the engine takes them; {@code mounts}: list of {@code folder=folder inside}; {@code options}: list, for
         * {@code run}.
         */
        CONTAINER(
                Set.of("engine", "engineOptions", "image", "rootfs", "gpu", "memory", "cpus", "mounts", "options"),
                Set.of()),
        /** A distribution of WSL, from Windows. {@code distribution} and {@code user}: by default WSL's own. */
        WSL(Set.of("distribution", "user"), Set.of("home")),
        /** Windows, from inside WSL. {@code home} is a path of Windows. */
        WINDOWS(Set.of(), Set.of("home")),
        /**
         * Another machine. {@code host} as ssh takes it; {@code options}: list, for ssh; {@code bundle}: a bundle to
         * copy there, into {@code home}, by default {@code .cache/headroom/bundle}.
         */
        SSH(Set.of("host", "options", "bundle"), Set.of("host")),
        /** {@code prefix}: a list, put before the command that starts Headroom. */
        COMMAND(Set.of("prefix"), Set.of("prefix"));

        private final Set<String> keys;
        private final Set<String> needed;

        Kind(Set<String> keys, Set<String> needed) {
            this.keys = keys;
            this.needed = needed;
        }

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        private Set<String> all() {
            Set<String> all = new TreeSet<>(keys);
            all.addAll(Set.of("kind", "description"));
            if (this != LOCAL) {
                all.addAll(INSIDE);
            }
            if (this == WINDOWS) {
                all.remove("cache");
            }
            return all;
        }
    }

    /**
     * Finds a profile by its name.
     *
     * @throws BadInput if it is not valid
     */
    static Optional<EnvironmentProfile> find(Profiles profiles, String name) {
        return profiles.environment(name)
                .map(file ->
                        parse(name, file.toString(), PropertiesText.read(file, "give a profile of an environment")));
    }

    /**
     * Reads a profile.
     *
     * @param where the file, for messages
     * @param text Java properties syntax
     * @throws BadInput if something in it cannot be used
     */
    static EnvironmentProfile parse(String name, String where, String text) {
        Map<String, Entry> entries = PropertiesText.entries(where, text);
        Entry kindEntry = entries.get("kind");
        List<String> words = Stream.of(Kind.values()).map(Kind::word).toList();
        if (kindEntry == null) {
            throw new BadInput("No key kind in " + where + ": give one of " + String.join(", ", words) + ".");
        }
        Kind kind = Kind.valueOf(kindEntry.oneOf(kindEntry.value(), words).toUpperCase(Locale.ROOT));
        for (Entry entry : entries.values()) {
            if (!kind.all().contains(entry.key())) {
                throw entry.bad(
                        "Unknown key " + Entry.quote(entry.key()) + " of kind " + kind.word(),
                        "choose one of " + String.join(", ", kind.all()) + NearMatches.hint(entry.key(), kind.all()));
            }
            if (entry.value().isBlank()) {
                throw entry.bad(entry.key() + " has no value", "give one");
            }
        }
        kind.needed.stream()
                .filter(key -> !entries.containsKey(key))
                .findFirst()
                .ifPresent(key -> {
                    throw new BadInput(
                            "No key " + key + " in " + where + ": add it, as kind " + kind.word() + " needs it.");
                });
        if (kind == Kind.CONTAINER && entries.containsKey("image") == entries.containsKey("rootfs")) {
            throw new BadInput("Not one of the keys image and rootfs in " + where + ": give one of them.");
        }
        return new EnvironmentProfile(name, kind, entries);
    }

    /** The value of a key. */
    public Optional<String> text(String key) {
        return Optional.ofNullable(entries.get(key)).map(Entry::value);
    }

    /** The value of a key that is a comma list; elements with commas are in double quotes. */
    public List<String> list(String key) {
        return Optional.ofNullable(entries.get(key)).map(Entry::elements).orElse(List.of());
    }

    /**
     * The value of a key as one of some words.
     *
     * @throws BadInput if it is another
     */
    public Optional<String> word(String key, String... words) {
        return Optional.ofNullable(entries.get(key)).map(entry -> entry.oneOf(entry.value(), List.of(words)));
    }
}
