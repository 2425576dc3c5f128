package dev.headroom.cli;

import dev.headroom.environment.Environment;
import dev.headroom.probe.CurrentEnvironment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code headroom environment}: prints the name and the facts of this environment. */
@Command(name = "environment", description = "Print the name and the facts of this environment.")
final class EnvironmentCommand implements Runnable {
    /** Patterns of the facts in each group. The last group takes all other facts. */
    private static final Map<String, Pattern> GROUPS = groups();

    @Mixin
    Output output = new Output();

    @Override
    public void run() {
        Environment environment = CurrentEnvironment.detect();
        Map<String, String> all = new LinkedHashMap<>();
        all.put("name", environment.name());
        all.putAll(environment.facts());
        output.answer(all, text(environment));
    }

    /** The name, then the facts in groups. Facts keep their order within a group. */
    static String text(Environment environment) {
        Map<String, String> left = new LinkedHashMap<>(environment.facts());
        int width = left.keySet().stream().mapToInt(String::length).max().orElse(0);
        StringBuilder text = new StringBuilder(environment.name()).append('\n');
        GROUPS.forEach((group, facts) -> {
            StringBuilder lines = new StringBuilder();
            left.forEach((fact, value) -> {
                if (facts.matcher(fact).matches()) {
                    String padding = " ".repeat(width - fact.length());
                    lines.append("  " + fact + padding + "  " + value + '\n');
                }
            });
            if (!lines.isEmpty()) {
                text.append('\n').append(group).append('\n').append(lines);
            }
            left.keySet().removeIf(fact -> facts.matcher(fact).matches());
        });
        return text.toString();
    }

    private static Map<String, Pattern> groups() {
        Map<String, Pattern> groups = new LinkedHashMap<>();
        groups.put(
                "system",
                Pattern.compile("os|kernel|bootId|distribution|architecture|emulation|wsl.*|dxg|sandbox|container"));
        groups.put(
                "machine",
                Pattern.compile("hardware|hypervisor|machine|cpu|cpuFeatures|(logical|physical|usable)Cores|numaNodes"
                        + "|governor|cpuMax.*"));
        groups.put("limits", Pattern.compile("cgroup.*|cpuQuota.*|cpuset|memoryLimit.*"));
        groups.put(
                "memory",
                Pattern.compile("memory.*|pageCache.*|swap.*|transparent.*|hugepage.*|overcommit.*|z(swap|ram).*"));
        groups.put("GPU", Pattern.compile("gpu.*|vulkan.*"));
        groups.put("variables", Pattern.compile("[A-Z][A-Z0-9_]*"));
        groups.put("JVM", Pattern.compile("jvm.*"));
        groups.put("other", Pattern.compile(".*"));
        return groups;
    }
}
