package dev.headroom.place;

import dev.headroom.result.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What differs between two preparations of a run. A run that resumes must be prepared as it was before. */
public final class RunDifferences {
    /** Facts of an environment that change by themselves. A run may resume after a reboot. */
    private static final Pattern CHANGES = Pattern.compile("memoryAvailableMiB|pageCacheMiB|gpu[0-9]*Display|bootId");

    /** The key for the run's first place, which is no environment's name. */
    private static final String HERE = "";

    private RunDifferences() {}

    /** The differences between two runs apart from their results, a phrase each. */
    public static List<String> between(Run then, Run now) {
        List<String> differences = new ArrayList<>();
        compare(differences, "", Map.of("Headroom", then.headroom()), Map.of("Headroom", now.headroom()));
        compare(differences, "plan's ", then.plan().json(), now.plan().json());
        compare(differences, "model ", models(then.models()), models(now.models()));
        compare(differences, "", then.place(HERE), now.place(HERE));
        TreeSet<String> places = new TreeSet<>(then.places().keySet());
        places.addAll(now.places().keySet());
        for (String place : places) {
            Run.PlaceFacts was = then.places().get(place);
            Run.PlaceFacts is = now.places().get(place);
            if (was == null || is == null) {
                differences.add("environment " + place + " is " + (was == null ? "new" : "missing"));
            } else {
                compare(differences, place + ": ", was, is);
            }
        }
        return differences;
    }

    /** The differences between two preparations of one place. */
    static List<String> between(Messages.Prepared then, Messages.Prepared now) {
        List<String> differences = new ArrayList<>();
        compare(differences, "model ", models(then.models()), models(now.models()));
        compare(differences, "", then.facts(), now.facts());
        return differences;
    }

    private static void compare(List<String> differences, String of, Run.PlaceFacts then, Run.PlaceFacts now) {
        compare(
                differences,
                of + "environment's ",
                stable(then.environment().json()),
                stable(now.environment().json()));
        compare(differences, of + "llama.cpp's ", facts(then.llama()), facts(now.llama()));
        compare(differences, of + "meters of ", meters(then), meters(now));
    }

    private static void compare(
            List<String> differences, String of, Map<String, String> then, Map<String, String> now) {
        TreeSet<String> names = new TreeSet<>(then.keySet());
        names.addAll(now.keySet());
        for (String name : names) {
            String was = then.getOrDefault(name, "absent");
            String is = now.getOrDefault(name, "absent");
            if (!was.equals(is)) {
                differences.add(of + name + " was " + was + " and is " + is);
            }
        }
    }

    private static Map<String, String> stable(Map<String, String> environment) {
        Map<String, String> stable = new LinkedHashMap<>(environment);
        stable.keySet().removeIf(fact -> CHANGES.matcher(fact).matches());
        return stable;
    }

    private static Map<String, String> facts(Run.Llama llama) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("version", llama.version());
        facts.put("commit", String.valueOf(llama.commit()));
        facts.put("fingerprint", String.valueOf(llama.fingerprint()));
        facts.put(
                "devices",
                llama.devices().stream()
                        .map(device -> device.name() + " (" + device.description() + ")")
                        .collect(Collectors.joining(", ")));
        return facts;
    }

    /** Models by id. Their paths may differ. */
    private static Map<String, String> models(List<Run.Model> all) {
        Map<String, String> models = new LinkedHashMap<>();
        for (Run.Model model : all) {
            models.put(
                    model.id(),
                    model.fileBytes() + " bytes" + (model.fingerprint() == null ? "" : ", " + model.fingerprint()));
        }
        return models;
    }

    private static Map<String, String> meters(Run.PlaceFacts place) {
        Map<String, String> meters = new LinkedHashMap<>();
        for (Run.MeterFact meter : place.meters()) {
            meter.metrics()
                    .forEach(metric -> meters.merge(metric, meter.name(), (first, second) -> first + ", " + second));
        }
        return meters;
    }
}
