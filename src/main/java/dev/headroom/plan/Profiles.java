package dev.headroom.plan;

import dev.headroom.BadInput;
import dev.headroom.NearMatches;
import dev.headroom.PathName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The places of plans and of environment profiles.
 *
 * @param folders the folders that are searched, in this order
 * @param packaged the plans in Headroom's jar, name to text; searched last
 */
public record Profiles(List<Path> folders, Map<String, String> packaged) {
    private static final String SUFFIX = ".properties";
    private static final String REMEDY = "give the name of a plan, or an existing file";
    private static final String ENVIRONMENTS = "environments";
    /** Where the build puts {@code profiles/} in the jar. */
    private static final String IN_JAR = "dev/headroom/plan/profiles";

    public Profiles {
        folders = List.copyOf(folders);
        packaged = Map.copyOf(packaged);
    }

    /**
     * The folders {@code profiles/} in the working directory, beside the jar and beside the jar's folder, and the
     * packaged plans.
     */
    public static Profiles standard() {
        List<Path> folders = new ArrayList<>(List.of(Path.of("profiles")));
        Optional<Path> code = code();
        code.map(Path::getParent).ifPresent(folder -> {
            folders.add(folder.resolve("profiles"));
            folders.add(folder.resolveSibling("profiles"));
        });
        return new Profiles(folders, code.map(Profiles::packagedIn).orElse(Map.of()));
    }

    /**
     * Reads a plan.
     *
     * @param nameOrFile a name, or a file if it contains {@code /} or {@code \} or ends in {@code .properties}
     * @throws BadInput if there is no such plan, or if it is not valid
     */
    public Plan plan(String nameOrFile) {
        if (nameOrFile.contains("/") || nameOrFile.contains("\\") || nameOrFile.endsWith(SUFFIX)) {
            return read(file(nameOrFile));
        }
        SortedSet<String> names = names();
        if (!names.contains(nameOrFile)) {
            throw new BadInput("No plan named " + Entry.quote(nameOrFile) + NearMatches.hint(nameOrFile, names)
                    + ": choose one of " + String.join(", ", names) + ", or give a path with / in it.");
        }
        for (Path folder : folders) {
            Path file = folder.resolve(nameOrFile + SUFFIX);
            if (Files.exists(file)) {
                return read(file);
            }
        }
        return Plan.parse(nameOrFile, nameOrFile + SUFFIX, packaged.getOrDefault(nameOrFile, ""));
    }

    /** The first existing {@code environments/<name>.properties} in the folders. */
    public Optional<Path> environment(String name) {
        return folders.stream()
                .map(folder -> folder.resolve(ENVIRONMENTS).resolve(name + SUFFIX))
                .filter(Files::exists)
                .findFirst();
    }

    /** The names of all environments with a profile. */
    public SortedSet<String> environments() {
        SortedSet<String> names = new TreeSet<>();
        folders.forEach(folder -> plansIn(folder.resolve(ENVIRONMENTS)).forEach(file -> names.add(name(file))));
        return names;
    }

    /** The names of all plans. */
    public SortedSet<String> names() {
        SortedSet<String> names = new TreeSet<>(packaged.keySet());
        for (Path folder : folders) {
            for (Path file : plansIn(folder)) {
                names.add(name(file));
            }
        }
        return names;
    }

    private static Plan read(Path file) {
        String name = name(file).replaceAll("[^A-Za-z0-9._-]", "_");
        return Plan.parse(name.isEmpty() ? "plan" : name, file.toString(), PropertiesText.read(file, REMEDY));
    }

    private static Path file(String text) {
        return PathName.of("The plan", text);
    }

    private static String name(Path file) {
        String name = String.valueOf(file.getFileName());
        return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
    }

    private static List<Path> plansIn(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(SUFFIX) && !Files.isDirectory(file))
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of(); // a folder that cannot be listed counts as empty
        }
    }

    /** The jar or the folder of classes that contains this class. */
    private static Optional<Path> code() {
        CodeSource source = Profiles.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Path.of(source.getLocation().toURI()).toAbsolutePath());
        } catch (URISyntaxException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Map<String, String> packagedIn(Path code) {
        if (Files.isDirectory(code)) {
            return texts(code.resolve(IN_JAR));
        }
        try (FileSystem jar = FileSystems.newFileSystem(code)) {
            return texts(jar.getPath(IN_JAR));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> texts(Path folder) {
        Map<String, String> texts = new TreeMap<>();
        for (Path file : plansIn(folder)) {
            texts.put(name(file), PropertiesText.read(file, REMEDY));
        }
        return texts;
    }
}
