package dev.headroom.llama;

import dev.headroom.BadInput;
import dev.headroom.PathName;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the directory of llama.cpp. */
public final class LlamaHome {
    private static final String VARIANT = "natives";
    private static final String DEFAULT_VARIANT = "vulkan";
    private static final String PROPERTY = "llama.home";
    private static final String ENVIRONMENT = "HEADROOM_LLAMA";

    private LlamaHome() {}

    /**
     * Finds the directory. The first of these that is set and not blank is used:
     *
     * <ol>
     *   <li>{@code named}, from {@code --llama}
     *   <li>the system property {@code llama.home}
     *   <li>the environment variable {@code HEADROOM_LLAMA}
     * </ol>
     *
     * <p>Otherwise it is the npm package for this Java in {@code natives/<variant>/node_modules}. The variant is the
     * system property {@code natives}, by default {@code vulkan}. {@code natives} is searched in the folder above
     * Headroom's jar, in the jar's folder and in the working directory.
     *
     * @throws BadInput if there is none; the message lists the searched folders
     */
    public static Path find(@Nullable Path named) {
        return find(named, System.getProperties(), System.getenv(), roots(), BinaryHeader.ofThisJava());
    }

    static Path find(
            @Nullable Path named,
            Properties properties,
            Map<String, String> environment,
            Set<Path> roots,
            BinaryHeader needed) {
        String[][] given = {
            {"--llama", named == null ? "" : named.toString()},
            {"-D" + PROPERTY, properties.getProperty(PROPERTY, "")},
            {"the environment variable " + ENVIRONMENT, environment.getOrDefault(ENVIRONMENT, "")}
        };
        for (String[] each : given) {
            if (!each[1].isBlank()) {
                return directory(each[0], each[1]);
            }
        }
        String variant =
                properties.getProperty(VARIANT, "").isBlank() ? DEFAULT_VARIANT : properties.getProperty(VARIANT);
        return installed(variant, roots, needed);
    }

    private static Path directory(String option, String text) {
        Path directory = PathName.of("The directory of " + option, text);
        if (!Files.isDirectory(directory)) {
            throw new BadInput(directory + ", given by " + option + ", "
                    + (Files.exists(directory) ? "is a file" : "does not exist")
                    + ": give the directory with llama.cpp's libraries.");
        }
        return directory;
    }

    private static Path installed(String variant, Set<Path> roots, BinaryHeader needed) {
        List<String> tried = new ArrayList<>();
        for (Path root : roots) {
            Path modules = root.resolve("natives").resolve(variant).resolve("node_modules");
            List<Path> packages = packages(modules.resolve("@node-llama-cpp"));
            for (Path directory : packages) {
                if (LibraryFiles.usable(directory, needed)) {
                    return directory;
                }
            }
            tried.add(modules + (packages.isEmpty() ? "" : " (nothing for " + needed + ")"));
        }
        throw new BadInput("No llama.cpp found in " + String.join(", ", tried)
                + ": run 'npm ci' in natives/" + variant
                + ", choose another variant with -Dnatives (vulkan, cuda, metal or cpu), or give the directory of a"
                + " llama.cpp with --llama, -D" + PROPERTY + " or " + ENVIRONMENT + ".");
    }

    /**
     * The folders {@code <package>/bins/<platform>}, in descending order: {@code linux-x64-vulkan} is before
     * {@code linux-x64}.
     */
    private static List<Path> packages(Path scope) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> packages = Files.newDirectoryStream(scope)) {
            for (Path each : packages) {
                Path bins = each.resolve("bins");
                if (Files.isDirectory(bins)) {
                    try (DirectoryStream<Path> platforms = Files.newDirectoryStream(bins, Files::isDirectory)) {
                        platforms.forEach(found::add);
                    }
                }
            }
        } catch (IOException e) {
            return List.of();
        }
        found.sort((a, b) -> b.compareTo(a));
        return found;
    }

    private static Set<Path> roots() {
        Set<Path> roots = new LinkedHashSet<>();
        jar().map(Path::getParent).ifPresent(folder -> {
            if (folder.getParent() != null) {
                roots.add(folder.getParent());
            }
            roots.add(folder);
        });
        roots.add(Path.of("").toAbsolutePath());
        return roots;
    }

    private static Optional<Path> jar() {
        CodeSource source = LlamaHome.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Path.of(source.getLocation().toURI()).toAbsolutePath());
        } catch (URISyntaxException | IllegalArgumentException | java.nio.file.FileSystemNotFoundException e) {
            return Optional.empty();
        }
    }
}
