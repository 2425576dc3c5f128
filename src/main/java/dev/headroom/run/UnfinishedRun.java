package dev.headroom.run;

import dev.headroom.BadInput;
import dev.headroom.place.RunDifferences;
import dev.headroom.plan.Entry;
import dev.headroom.plan.Plan;
import dev.headroom.result.ForkResult;
import dev.headroom.result.Run;
import java.io.File;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** A run that was broken off, as its journal tells. */
public final class UnfinishedRun {
    private final RunFolder folder;
    private final Journal.Content content;

    private UnfinishedRun(RunFolder folder, Journal.Content content) {
        this.folder = folder;
        this.content = content;
    }

    /**
     * Reads it.
     *
     * @throws BadInput if there is nothing to go on with
     */
    public static UnfinishedRun in(Path path) {
        RunFolder folder = RunFolder.open(path);
        return new UnfinishedRun(folder, Journal.read(folder.path()));
    }

    RunFolder folder() {
        return folder;
    }

    Journal.Content content() {
        return content;
    }

    /** What it measures. */
    public Plan plan() {
        Map<String, String> entries = new LinkedHashMap<>(content.head().plan());
        String name = Objects.requireNonNullElse(entries.remove("name"), "");
        String where = "plan in " + folder.path().resolve(Journal.NAME);
        return new Plan(
                name,
                entries.entrySet().stream()
                        .map(entry -> new Entry(entry.getKey(), entry.getValue(), where))
                        .toList());
    }

    /** Where its llama.cpp was; empty if there is nothing of that name here, as it was on another machine. */
    public Optional<Path> llama() {
        return Optional.ofNullable(new File(content.head().llama().library()).getParentFile())
                .filter(File::isDirectory)
                .map(File::toPath);
    }

    /**
     * Checks that what is missing would be measured with what the rest was measured with.
     *
     * @throws BadInput that names what differs
     */
    void check(Run now) {
        List<String> differences = RunDifferences.between(content.head(), now);
        if (!differences.isEmpty()) {
            throw new BadInput(folder.path() + " cannot be gone on with, as results would not belong together: "
                    + String.join("; ", differences)
                    + ". Go back to what it was, or start a new run without --resume.");
        }
        List<String> cells = now.plan().isEmpty() ? List.of() : cells();
        content.forks().stream()
                .map(ForkResult::cell)
                .filter(cell -> !cells.contains(cell))
                .findFirst()
                .ifPresent(cell -> {
                    throw new BadInput(folder.path().resolve(Journal.NAME) + " has a fork of " + cell
                            + ", which its plan does not have: delete that line.");
                });
    }

    private List<String> cells() {
        return plan().cells().stream().map(cell -> cell.id()).toList();
    }
}
