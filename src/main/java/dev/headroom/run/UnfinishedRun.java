package dev.headroom.run;

import dev.headroom.BadInput;
import dev.headroom.place.PlanRecord;
import dev.headroom.place.RunDifferences;
import dev.headroom.plan.Plan;
import dev.headroom.result.ForkResult;
import dev.headroom.result.NamedValues;
import dev.headroom.result.Run;
import java.io.File;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An interrupted run, read from its journal. */
public record UnfinishedRun(RunFolder folder, Journal.Content content) {
    private static final String BOOT_ID = "bootId";

    /**
     * Reads the run in a folder.
     *
     * @throws BadInput if there is no journal to continue
     */
    public static UnfinishedRun in(Path path) {
        RunFolder folder = RunFolder.open(path);
        return new UnfinishedRun(folder, Journal.read(folder.path()));
    }

    /** The plan of the run. */
    public Plan plan() {
        return PlanRecord.read(content.head().plan(), "plan in " + folder.path().resolve(Journal.NAME));
    }

    /** The directory of its llama.cpp; empty if it does not exist here, because the run is from another machine. */
    public Optional<Path> llama() {
        return Optional.ofNullable(new File(content.head().llama().library()).getParentFile())
                .filter(File::isDirectory)
                .map(File::toPath);
    }

    /**
     * Checks that the missing forks would be measured under the same conditions as the others.
     *
     * @throws BadInput that names the differences
     */
    void check(Run now) {
        List<String> differences = RunDifferences.between(content.head(), now);
        if (!differences.isEmpty()) {
            throw new BadInput(folder.path() + " cannot be resumed, because its results would not be comparable: "
                    + String.join("; ", differences)
                    + ". Restore the earlier conditions, or start a new run without --resume.");
        }
        List<String> cells = cells();
        content.forks().stream()
                .map(ForkResult::cell)
                .filter(cell -> !cells.contains(cell))
                .findFirst()
                .ifPresent(cell -> {
                    throw new BadInput(folder.path().resolve(Journal.NAME) + " has a fork of " + cell
                            + ", a cell that its plan does not have: delete that line.");
                });
    }

    /** The run as it goes on, with the boots of both its parts in the facts of each environment. */
    Run continued(Run now) {
        Run then = content.head();
        Map<String, Run.PlaceFacts> places = new LinkedHashMap<>();
        now.places().forEach((name, place) -> {
            NamedValues environment = boots(then.place(name).environment(), place.environment());
            places.put(name, new Run.PlaceFacts(environment, place.llama(), place.meters(), place.unavailable()));
        });
        return now.in(boots(then.environment(), now.environment()), places);
    }

    private static NamedValues boots(NamedValues then, NamedValues now) {
        String was = then.values().get(BOOT_ID);
        String is = now.values().get(BOOT_ID);
        if (was == null || is == null || was.equals(is)) {
            return now;
        }
        Map<String, String> values = new LinkedHashMap<>(now.values());
        values.put(BOOT_ID, was + " " + is);
        return new NamedValues(now.name(), values);
    }

    private List<String> cells() {
        return plan().cells().stream().map(cell -> cell.id()).toList();
    }
}
