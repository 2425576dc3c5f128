package dev.headroom.environment;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The installed Vulkan loader and drivers of a Linux machine. Whether they work is not checked. Drivers are searched as
 * in LoaderDriverInterface.md of the Vulkan Loader.
 */
final class Vulkan {
    /** Folders of 64-bit libraries; they differ by distribution. */
    private static final List<String> LIBRARIES =
            List.of("usr/local/lib", "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib");

    private static final List<String> MANIFESTS =
            List.of("etc/vulkan/icd.d", "usr/local/share/vulkan/icd.d", "usr/share/vulkan/icd.d");

    private static final Pattern LIBRARY = Pattern.compile("(?:.*/)?libvulkan\\.so\\.([0-9]{1,3}(?:\\.[0-9]{1,5}){2})");
    private static final Pattern VERSION =
            Pattern.compile("\"api_version\"\\s*:\\s*\"([0-9]{1,3}(?:\\.[0-9]{1,5}){1,3})\"");

    private Vulkan() {}

    static void putInto(Facts facts, Machine machine) {
        facts.put("vulkanLoader", loader(machine).orElse(null));
        facts.put("vulkanDrivers", drivers(machine));
    }

    /** The loader's version, from the file name to which {@code libvulkan.so.1} links. */
    private static Optional<String> loader(Machine machine) {
        return LIBRARIES.stream()
                .flatMap(folder -> machine.link(folder + "/libvulkan.so.1").stream())
                .map(LIBRARY::matcher)
                .filter(Matcher::matches)
                .map(library -> library.group(1))
                .findFirst();
    }

    /** The drivers that the loader finds, each with the Vulkan version in its manifest. Blank if there are none. */
    private static String drivers(Machine machine) {
        List<String> drivers = new ArrayList<>();
        for (String manifest : manifests(machine)) {
            Matcher version = VERSION.matcher(machine.text(manifest));
            if (version.find()) {
                String name = manifest.substring(manifest.lastIndexOf('/') + 1).replaceFirst("\\.json$", "");
                drivers.add(name + " " + version.group(1));
            }
        }
        return drivers.stream().distinct().collect(Collectors.joining(", "));
    }

    /**
     * The manifests of drivers. If one of the two environment variables is set, only its files count; the newer
     * variable wins.
     */
    private static List<String> manifests(Machine machine) {
        return machine.variable("VK_DRIVER_FILES")
                .or(() -> machine.variable("VK_ICD_FILENAMES"))
                .map(files -> Stream.of(files.split(":", -1))
                        .filter(file -> file.startsWith("/"))
                        .map(file -> file.substring(1))
                        .toList())
                .orElseGet(() -> MANIFESTS.stream()
                        .flatMap(folder -> machine.names(folder).stream()
                                .filter(name -> name.endsWith(".json"))
                                .map(name -> folder + "/" + name))
                        .toList());
    }
}
