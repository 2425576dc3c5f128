package dev.headroom.plan;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headroom.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProfilesTest {
    private final Path folder;

    ProfilesTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private Profiles profiles() {
        return new Profiles(
                List.of(folder.resolve("none"), folder), Map.of("quick", "description=packaged", "slow", "forks=9"));
    }

    @Test
    void aFileIsFoundBeforeAPackagedPlan() throws IOException {
        assertThat(profiles().plan("quick").description()).contains("packaged");
        Files.writeString(folder.resolve("quick.properties"), "\uFEFFdescription=größer");

        assertThat(profiles().plan("quick").description()).contains("größer");
        assertThat(profiles().names()).containsExactly("quick", "slow");
    }

    @Test
    void aPathNamesAFile() throws IOException {
        Path file = Files.writeString(folder.resolve("my plan.properties"), "forks=2\r\niterations=7\r\n");

        Plan plan = profiles().plan(file.toString());
        assertThat(plan.name()).isEqualTo("my_plan");
        assertThat(plan.cells().get(0).settings().iterations()).isEqualTo(7);
    }

    @Test
    void anUnknownPlanNamesTheKnownOnes() {
        assertThatThrownBy(() -> profiles().plan("quik"))
                .isExactlyInstanceOf(BadInput.class)
                .hasMessage("No plan named 'quik' (did you mean quick?): choose one of quick, slow,"
                        + " or give a path with / in it.");
        assertThatThrownBy(() -> profiles().plan("")).isExactlyInstanceOf(BadInput.class);
        assertThatThrownBy(() -> profiles().plan("x\u0000/y")).isExactlyInstanceOf(BadInput.class);
    }

    @Test
    void aFileThatIsNotAPlanIsRefused() throws IOException {
        assertThatThrownBy(() -> profiles().plan(folder + "/nothing.properties"))
                .isExactlyInstanceOf(BadInput.class)
                .hasMessageStartingWith("No file " + folder);
        assertThatThrownBy(() -> profiles().plan(folder + "/")).hasMessageContaining("is a folder");
        Path latin = Files.write(folder.resolve("latin.properties"), "description=größer".getBytes(ISO_8859_1));
        assertThatThrownBy(() -> profiles().plan(latin.toString())).hasMessageContaining("is not UTF-8 text");
        Path large = Files.write(folder.resolve("large.properties"), new byte[(1 << 20) + 1]);
        assertThatThrownBy(() -> profiles().plan(large.toString())).hasMessageContaining("larger than 1 MiB");
    }

    @ParameterizedTest
    @ValueSource(strings = {"quick", "standard", "article", "memory"})
    void packagedPlansAreValid(String name) {
        Plan plan = Profiles.standard().plan(name);

        assertThat(plan.description()).isPresent();
        assertThat(plan.cells()).isNotEmpty();
        assertThat(new Profiles(List.of(), Profiles.standard().packaged())
                        .plan(name)
                        .cells())
                .isEqualTo(plan.cells());
    }

    /** A default is one value for all environments only until it changes, or is resolved differently by a machine. */
    @ParameterizedTest
    @ValueSource(strings = {"standard", "article"})
    void plansForComparingFixEachSettingOfAContext(String name) {
        Plan plan = Profiles.standard().plan(name);

        assertThat(plan.entries())
                .extracting(Entry::key)
                .contains("gpuLayers", "kvType", "flashAttention", "batch", "ubatch", "outputs", "threads");
        assertThat(plan.cells())
                .filteredOn(cell -> cell.has(Parameter.FLASH_ATTENTION))
                .allMatch(cell -> cell.value(Parameter.FLASH_ATTENTION).equals("on"));
    }

    @Test
    void articleHasTheSameThreadsEverywhere() {
        assertThat(Profiles.standard().plan("article").cells())
                .filteredOn(cell -> cell.has(Parameter.THREADS))
                .allMatch(cell -> cell.value(Parameter.THREADS) > 0);
    }

    @Test
    void packagedPlansHaveTheirCells() {
        assertThat(Profiles.standard().plan("quick").cells()).hasSize(12);
        assertThat(Profiles.standard().plan("article").cells().stream()
                        .filter(cell -> cell.benchmark() == Benchmark.TOKEN_GENERATION)
                        .map(cell -> cell.value(Parameter.CONTEXT_LENGTH)))
                .containsExactly(512, 8192, 16384, 32768, 60000);
        assertThat(Profiles.standard().plan("memory").cells().stream().map(Cell::benchmark))
                .containsOnly(Benchmark.MODEL_LOAD, Benchmark.CONTEXT_CREATION);
    }
}
