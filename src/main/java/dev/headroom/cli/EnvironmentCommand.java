package dev.headroom.cli;

import dev.headroom.environment.Environment;
import dev.headroom.run.Preparation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code headroom environment}: what this machine is. */
@Command(name = "environment", description = "What this machine is: the name and the facts that results carry.")
final class EnvironmentCommand implements Runnable {
    @Mixin
    Output output = new Output();

    @Override
    public void run() {
        Environment environment = Preparation.here();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("name", environment.name());
        facts.putAll(environment.facts());
        List<List<String>> rows = new ArrayList<>();
        facts.forEach((fact, value) -> rows.add(List.of(fact, value)));
        output.answer(facts, Output.table(rows));
    }
}
