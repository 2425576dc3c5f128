package dev.headroom.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.plan.Benchmark;
import dev.headroom.plan.Cell;
import dev.headroom.plan.Parameter;
import dev.headroom.plan.Plan;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** The classes of the benchmarks agree with the plan's lists of benchmarks and parameters. */
class BenchmarksTest {
    @ParameterizedTest
    @EnumSource
    void fieldsThatJmhFillsAreTheParametersWithTheirDefaults(Benchmark benchmark) throws ClassNotFoundException {
        Cell cell = new Plan("defaults", List.of())
                .cells().stream()
                        .filter(each -> each.benchmark() == benchmark)
                        .findFirst()
                        .orElseThrow();

        Map<String, String> defaults = new HashMap<>();
        for (Field field : params(benchmarkClass(benchmark))) {
            defaults.put(
                    field.getName(),
                    String.join(",", field.getAnnotation(Param.class).value()));
        }
        assertThat(defaults).isEqualTo(cell.parameters());
    }

    @ParameterizedTest
    @EnumSource
    void fieldsHaveTheTypesOfTheParameters(Benchmark benchmark) throws ClassNotFoundException {
        Map<String, Class<?>> types = new HashMap<>();
        for (Parameter<?> parameter : benchmark.parameters()) {
            types.put(parameter.key(), parameter.byDefault() instanceof Integer ? int.class : String.class);
        }
        assertThat(params(benchmarkClass(benchmark)))
                .allSatisfy(field -> assertThat(field.getType()).isEqualTo(types.get(field.getName())));
    }

    @ParameterizedTest
    @EnumSource
    void modeAndUnitAreThoseOfTheAnnotations(Benchmark benchmark) throws ClassNotFoundException {
        Class<?> type = benchmarkClass(benchmark);
        assertThat(type.getAnnotation(BenchmarkMode.class).value())
                .extracting(Mode::shortLabel)
                .containsExactly(benchmark.mode());
        assertThat(
                        switch (type.getAnnotation(OutputTimeUnit.class).value()) {
                            case SECONDS -> "tokens/s";
                            case MILLISECONDS -> "ms";
                            default -> "ns";
                        })
                .isEqualTo(benchmark.unit());
    }

    @Test
    void contextsHaveRoomForWhatIsDecodedOnTop() {
        assertThat(Benchmark.PROMPT_PROCESSING.contextRoom()).isEqualTo(PromptProcessing.PROMPT);
        assertThat(Benchmark.TOKEN_GENERATION.contextRoom()).isEqualTo(GeneratedToken.ROOM);
        assertThat(Benchmark.TOKEN_LATENCY.contextRoom()).isEqualTo(GeneratedToken.ROOM);
    }

    private static Class<?> benchmarkClass(Benchmark benchmark) throws ClassNotFoundException {
        return Class.forName("dev.headroom.bench." + benchmark.simpleName());
    }

    /** The {@code @Param} fields of the states that a benchmark uses, directly or by another state. */
    private static Set<Field> params(Class<?> benchmark) {
        Set<Field> params = new HashSet<>();
        Set<Class<?>> seen = new HashSet<>();
        Deque<Class<?>> states = new ArrayDeque<>(List.of(benchmark));
        while (!states.isEmpty()) {
            Class<?> state = states.pop();
            if (!seen.add(state)) {
                continue;
            }
            for (Field field : state.getDeclaredFields()) {
                if (field.isAnnotationPresent(Param.class)) {
                    params.add(field);
                }
            }
            for (Method method : state.getDeclaredMethods()) {
                if (method.isAnnotationPresent(Setup.class)
                        || method.isAnnotationPresent(org.openjdk.jmh.annotations.Benchmark.class)) {
                    states.addAll(Arrays.asList(method.getParameterTypes()));
                }
            }
        }
        return params;
    }
}
