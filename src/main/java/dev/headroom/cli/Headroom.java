package dev.headroom.cli;

import dev.headroom.BadInput;
import dev.headroom.PathName;
import dev.headroom.fork.JmhMain;
import dev.headroom.probe.JnaFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The entry point of {@code headroom.jar}, and the only class that ends the process. */
@Command(
        name = "headroom",
        description = "Measure what a language model costs on this machine, in memory and time.",
        versionProvider = Version.class,
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            RunCommand.class,
            CompareCommand.class,
            EnvironmentCommand.class,
            MetersCommand.class,
            ModelCommand.class,
            JmhCommand.class,
            ServeCommand.class,
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:success; a run has measured every cell",
            "1:wrong command line",
            "2:bad input: a plan, model, llama.cpp, folder or run",
            "3:some cells were not measured",
            "4:a figure exceeds a limit of --fail-above",
            "130:interrupted",
        })
public final class Headroom {
    static final int WRONG_USE = 1;
    static final int BAD_INPUT = 2;
    static final int SOME_CELLS_FAILED = 3;
    static final int LIMIT_PASSED = 4;
    static final int INTERRUPTED = 130;

    private Headroom() {}

    public static void main(String[] args) throws IOException {
        if (args.length > 0 && args[0].equals("jmh")) {
            JmhMain.run(Arrays.copyOfRange(args, 1, args.length)); // JMH handles --help and sets the exit code
            return;
        }
        try {
            checkPaths();
        } catch (BadInput e) {
            System.err.println("headroom: " + e.getMessage());
            System.exit(BAD_INPUT);
        }
        System.exit(commandLine().execute(args));
    }

    /** Checks the paths that every command needs. */
    private static void checkPaths() {
        PathName.of("The working directory", System.getProperty("user.dir"));
        PathName.of("The temp directory", System.getProperty("java.io.tmpdir"));
        JnaFolder.set();
    }

    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Headroom());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExpandAtFiles(false); // an argument such as @x.gguf is a model, not a file of arguments
        commandLine.registerConverter(Path.class, text -> PathName.of("The path", text));
        CommandLine.IParameterExceptionHandler usage = commandLine.getParameterExceptionHandler();
        commandLine.setParameterExceptionHandler((exception, args) -> {
            if (exception.getCause() instanceof BadInput) {
                exception
                        .getCommandLine()
                        .getErr()
                        .println("headroom: " + exception.getCause().getMessage());
                return BAD_INPUT;
            }
            usage.handleParseException(exception, args);
            return WRONG_USE;
        });
        commandLine.setExecutionExceptionHandler((exception, failed, result) -> {
            if (!(exception instanceof BadInput)) {
                throw exception; // a bug: its stack trace belongs in the report
            }
            failed.getErr().println("headroom: " + exception.getMessage());
            return BAD_INPUT;
        });
        return commandLine;
    }
}
