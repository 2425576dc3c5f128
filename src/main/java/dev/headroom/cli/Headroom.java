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
        description = "What running a language model costs on this machine, in memory and in time.",
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
            "0:every cell was measured, or whatever was asked for was done",
            "1:wrong use of the command line",
            "2:bad input: a plan, a model, a llama.cpp, a folder, a run",
            "3:some cells were not measured",
            "4:a figure is above a limit of --fail-above",
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
            JmhMain.run(Arrays.copyOfRange(args, 1, args.length)); // untouched, its --help and exit code included
            return;
        }
        try {
            lookAround();
        } catch (BadInput e) {
            System.err.println("headroom: " + e.getMessage());
            System.exit(BAD_INPUT);
        }
        System.exit(commandLine().execute(args));
    }

    /** What every command relies on. */
    private static void lookAround() {
        PathName.of("The working directory", System.getProperty("user.dir"));
        PathName.of("The temp directory", System.getProperty("java.io.tmpdir"));
        JnaFolder.set();
    }

    static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Headroom());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExpandAtFiles(false); // a model may be called @x.gguf; no file is read as arguments
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
                throw exception; // a fault of ours: the stack trace is what a report needs
            }
            failed.getErr().println("headroom: " + exception.getMessage());
            return BAD_INPUT;
        });
        return commandLine;
    }
}
