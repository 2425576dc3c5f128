package dev.headroom.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headroom.BadInput;
import dev.headroom.plan.HostileText;
import dev.headroom.plan.Overrides;
import dev.headroom.plan.Profiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Parses random command lines without running them: each gives options or one error message. */
@Timeout(60)
class CommandLineTest {
    private static final List<List<String>> VALID = List.of(
            List.of(
                    "run",
                    "--plan=quick",
                    "--model",
                    "a.gguf,synthetic-stories-15m-q8_0",
                    "--context=64,128",
                    "--param",
                    "kvType=q8_0",
                    "--param=batch=512",
                    "--benchmark=Token.*",
                    "--forks=1",
                    "--warmup=0",
                    "--iterations=2",
                    "--time=300ms",
                    "--llama=/opt/llama",
                    "--out=results",
                    "--dry-run",
                    "--json",
                    "--quiet"),
            List.of("model", "show", "synthetic-stories-15m-q8_0", "--context=64", "--kv-type=q8_0", "--batch=512"),
            List.of("model", "make", "synthetic-stories-15m-q8_0"),
            List.of("model", "list", "--json"),
            List.of("meters", "--llama=/opt/llama"),
            List.of(
                    "compare",
                    "results/a",
                    "results/b",
                    "--by=run",
                    "--baseline=a",
                    "--claims=profiles/claims/article.properties",
                    "--fail-above=vram=5%,tokens=-3%",
                    "--out=merged",
                    "--markdown"),
            List.of("environment", "--quiet"));

    @Test
    void randomCommandLinesAreParsedOrRefused() {
        Random random = new Random(9);
        Profiles profiles = new Profiles(List.of(), Map.of("quick", "benchmarks=TokenGeneration\nforks=1\n"));
        CommandLine commandLine = Headroom.commandLine();
        int parsed = 0;
        for (int i = 0; i < 3000; i++) {
            String[] args = mutant(random);
            try {
                ParseResult result = commandLine.parseArgs(args);
                parsed++;
                ParseResult last = result;
                while (last.hasSubcommand()) {
                    last = last.subcommand();
                }
                if (last.commandSpec().userObject() instanceof RunCommand run && !last.isUsageHelpRequested()) {
                    profiles.plan(run.plan.isBlank() ? "quick" : run.plan)
                            .with(new Overrides(
                                    run.model,
                                    run.context,
                                    run.environment,
                                    run.benchmark,
                                    run.params,
                                    run.forks,
                                    run.warmup,
                                    run.iterations,
                                    run.time));
                }
            } catch (ParameterException e) {
                assertThat(e.getMessage()).isNotBlank();
            } catch (BadInput e) {
                assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError(String.join(" ", args), e);
            }
        }
        assertThat(parsed).isBetween(150, 2850);
    }

    /** An argument {@code @file} must not be expanded: reading {@code /dev/zero} would never end. */
    @Test
    void argumentFilesAreNotExpanded() {
        CommandLine commandLine = Headroom.commandLine();
        ParseResult result = commandLine.parseArgs("model", "show", "@/dev/zero");
        assertThat(result.subcommand().subcommand().originalArgs()).contains("@/dev/zero");
    }

    private static String[] mutant(Random random) {
        List<String> args = new ArrayList<>(VALID.get(random.nextInt(VALID.size())));
        for (int n = random.nextInt(3); n >= 0; n--) {
            int at = random.nextInt(args.size());
            switch (random.nextInt(5)) {
                case 0 -> args.set(at, HostileText.of(args.get(at), random));
                case 1 -> args.add(at, HostileText.piece(random));
                case 2 -> args.add(at, args.get(random.nextInt(args.size())));
                case 3 -> args.set(at, args.get(at).replaceFirst("=.*", "=" + random.nextInt()));
                default -> {
                    if (args.size() > 1) {
                        args.remove(at);
                    }
                }
            }
        }
        return args.toArray(String[]::new);
    }
}
