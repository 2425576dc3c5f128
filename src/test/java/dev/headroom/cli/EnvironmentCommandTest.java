package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.environment.Environment;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvironmentCommandTest {
    @Test
    void factsArePrintedInGroups() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("os", "Linux");
        facts.put("cpu", "Some CPU");
        facts.put("usableCores", "8");
        facts.put("cpuQuotaCores", "1.5");
        facts.put("memoryLimitMiB", "4096");
        facts.put("memoryTotalMiB", "32012");
        facts.put("jvm", "OpenJDK");
        facts.put("gpu", "Some GPU");
        facts.put("gpuCores", "38");
        facts.put("somethingNew", "yes");

        assertThat(EnvironmentCommand.text(new Environment("wsl2", facts)))
                .isEqualTo(
                        """
                        wsl2

                        system
                          os              Linux

                        machine
                          cpu             Some CPU
                          usableCores     8

                        limits
                          cpuQuotaCores   1.5
                          memoryLimitMiB  4096

                        memory
                          memoryTotalMiB  32012

                        GPU
                          gpu             Some GPU
                          gpuCores        38

                        JVM
                          jvm             OpenJDK

                        other
                          somethingNew    yes
                        """);
    }

    @Test
    void everyDetectedFactHasAGroup() {
        assertThat(EnvironmentCommand.text(Environment.detect())).doesNotContain("\nother\n");
    }

    @Test
    void environmentWithoutFactsHasOnlyItsName() {
        assertThat(EnvironmentCommand.text(new Environment("unknown-os", Map.of())))
                .isEqualTo("unknown-os\n");
    }
}
