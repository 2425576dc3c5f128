package dev.headroom.cli;

import dev.headroom.BadInput;
import dev.headroom.run.JmhMain;
import java.io.IOException;
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
            EnvironmentCommand.class,
            MetersCommand.class,
            ModelCommand.class,
            JmhCommand.class,
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:every cell was measured",
            "1:wrong use of the command line",
            "2:bad input: a plan, a model, a llama.cpp, a folder",
            "3:some cells were not measured",
            "130:interrupted",
        })
public final class Headroom {
    static final int WRONG_USE = 1;
    static final int BAD_INPUT = 2;
    static final int SOME_CELLS_FAILED = 3;
    static final int INTERRUPTED = 130;

    private Headroom() {}

    public static void main(String[] args) throws IOException {
        if (args.length > 0 && args[0].equals("jmh")) {
            JmhMain.run(Arrays.copyOfRange(args, 1, args.length)); // untouched, its --help and exit code included
            return;
        }
        System.exit(commandLine().execute(args));
    }

    private static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Headroom());
        CommandLine.IParameterExceptionHandler usage = commandLine.getParameterExceptionHandler();
        commandLine.setParameterExceptionHandler((exception, args) -> {
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
