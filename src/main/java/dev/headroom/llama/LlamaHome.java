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

/** Finds the directory of the llama.cpp to use. */
public final class LlamaHome {
    private static final String VARIANT = "natives";
    private static final String DEFAULT_VARIANT = "vulkan";
    private static final String PROPERTY = "llama.home";
    private static final String ENVIRONMENT = "HEADROOM_LLAMA";

    private LlamaHome() {}

    /**
     * The directory to use: the one named, else that of the system property {@code llama.home}, else that of the
     * environment variable {@code HEADROOM_LLAMA}, else the npm package for this machine in
     * {@code natives/<variant>/node_modules}, where {@code variant} is the system property {@code natives}
     * ({@code vulkan} if not set), next to Headroom's jar, above it, or in the working directory. Blank counts as not
     * given.
     *
     * @throws BadInput if there is none; the message names what was tried and what to do
     */
    public static Path find(Optional<Path> named) {
        return find(named, System.getProperties(), System.getenv(), roots(), BinaryHeader.needed());
    }

    static Path find(
            Optional<Path> named,
            Properties properties,
            Map<String, String> environment,
            Set<Path> roots,
            BinaryHeader needed) {
        Optional<Path> option = named.filter(p -> !p.toString().isBlank());
        if (option.isPresent()) {
            return directory(option.get().toString(), "--llama");
        }
        String property = properties.getProperty(PROPERTY, "");
        if (!property.isBlank()) {
            return directory(property, "-D" + PROPERTY);
        }
        String variable = environment.getOrDefault(ENVIRONMENT, "");
        if (!variable.isBlank()) {
            return directory(variable, "the environment variable " + ENVIRONMENT);
        }
        String variant =
                properties.getProperty(VARIANT, "").isBlank() ? DEFAULT_VARIANT : properties.getProperty(VARIANT);
        return installed(variant, roots, needed);
    }

    private static Path directory(String text, String givenBy) {
        Path directory = PathName.of("The directory that " + givenBy + " gives", text);
        if (!Files.isDirectory(directory)) {
            throw new BadInput(givenBy + " gives " + directory + ", which "
                    + (Files.exists(directory) ? "is a file" : "does not exist")
                    + ": give the directory that holds llama.cpp's libraries.");
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
            tried.add(modules + (packages.isEmpty() ? "" : " (nothing in it for " + needed + ")"));
        }
        throw new BadInput("No llama.cpp found: --llama, -D" + PROPERTY + " and the environment variable " + ENVIRONMENT
                + " are not given, and there is none in " + String.join(", ", tried)
                + "; install one with 'npm ci' in natives/" + variant
                + " (Maven does that while it builds; -Dnatives= takes vulkan, cuda, metal or cpu), or give the directory"
                + " of a llama.cpp you have with --llama.");
    }

    /** The folders {@code <package>/bins/<platform>}, those of Headroom's variant before plainer ones. */
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
