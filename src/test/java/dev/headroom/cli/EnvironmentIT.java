package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headroom.cli.HeadroomProcess.Result;
import dev.headroom.environment.Environment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Facts about the machine that runs the tests, read outside and inside a sandbox of namespaces. */
class EnvironmentIT {
    private static final List<String> SANDBOX =
            List.of("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc");

    private final Path directory;

    EnvironmentIT(@TempDir Path directory) {
        this.directory = directory;
    }

    private Result measured(String label) throws IOException, InterruptedException {
        return new HeadroomProcess()
                .run(directory, "jmh", "NativeCall", "-f=1", "-wi=0", "-i=1", "-r=100ms", "-p=environment=" + label);
    }

    @Test
    void forkRefusesALabelThatContradictsTheFacts() throws IOException, InterruptedException {
        String name = Environment.detect().name();

        assertThat(measured("elsewhere").out())
                .contains("The parameter environment is elsewhere, but this is " + name
                        + ": run it there, or set the parameter to local, " + name + " or " + name + "-<more>.");
        assertThat(measured(name + "-desk").out())
                .doesNotContain("The parameter environment is")
                .containsPattern("NativeCall\\.call +" + name + "-desk +avgt");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void sandboxIsNotTakenForTheMachine() throws IOException, InterruptedException {
        Process possible = new ProcessBuilder(sandboxed("true")).start();
        assumeTrue(possible.waitFor() == 0, "may not make namespaces here");

        // Without this option the JVM fails there on control groups of version 1.
        Result result = new HeadroomProcess()
                .before(SANDBOX.toArray(String[]::new))
                .javaOption("-XX:-UseContainerSupport")
                .run(directory, "environment", "--json");

        JsonNode facts = new ObjectMapper().readTree(result.out());
        assertThat(facts.path("name").asText()).isIn("unknown-linux", "container", "wsl2", "container-wsl2", "gvisor");
        assertThat(facts.path("os").asText()).isEqualTo("Linux");
    }

    private static List<String> sandboxed(String program) {
        return Stream.concat(SANDBOX.stream(), Stream.of(program)).toList();
    }
}
