package dev.headroom.place;

import dev.headroom.plan.Entry;
import dev.headroom.plan.Plan;
import dev.headroom.result.NamedValues;
import java.util.LinkedHashMap;
import java.util.Map;

/** Converts between a plan and its record in results and messages. */
public final class PlanRecord {
    private PlanRecord() {}

    static NamedValues of(Plan plan) {
        Map<String, String> settings = new LinkedHashMap<>();
        plan.entries().forEach(entry -> settings.put(entry.key(), entry.value()));
        return new NamedValues(plan.name(), settings);
    }

    /**
     * The plan of a record.
     *
     * @param where the source of the record, for messages
     * @throws dev.headroom.BadInput if the plan is not valid
     */
    public static Plan read(NamedValues plan, String where) {
        return new Plan(
                plan.name(),
                plan.values().entrySet().stream()
                        .map(entry -> new Entry(entry.getKey(), entry.getValue(), where))
                        .toList());
    }
}
