package dev.headroom.place;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.plan.Cell;
import dev.headroom.plan.Plan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlacesTest {
    private static final List<Cell> BLOCK = Plan.parse(
                    "p", "p.properties", "benchmarks=NativeCall\nenvironment=a,b,c\nforks=3")
            .cells();

    private static List<Cell> unfinished(Map<Cell, Integer> forks) {
        return BLOCK.stream()
                .filter(cell -> forks.getOrDefault(cell, 0) < cell.settings().forks())
                .toList();
    }

    private static String order(Map<Cell, Integer> forks) {
        List<String> order = new ArrayList<>();
        for (List<Cell> left = unfinished(forks); !left.isEmpty(); left = unfinished(forks)) {
            for (Cell cell : Places.next(left, of -> forks.getOrDefault(of, 0))) {
                forks.merge(cell, 1, Integer::sum);
                order.add(cell.parameters().getOrDefault("environment", ""));
            }
        }
        return String.join("", order);
    }

    @Test
    void forksOfEnvironmentsRunInOrderAbba() {
        assertThat(order(new HashMap<>())).isEqualTo("abccbaabc");
    }

    @Test
    void resumedRunCompletesItsRoundFirst() {
        assertThat(order(new HashMap<>(Map.of(BLOCK.get(0), 1)))).isEqualTo("bccbaabc");
        assertThat(order(new HashMap<>(Map.of(BLOCK.get(0), 3, BLOCK.get(1), 2, BLOCK.get(2), 2))))
                .isEqualTo("bc");
    }
}
