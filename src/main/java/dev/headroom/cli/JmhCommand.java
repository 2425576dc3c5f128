package dev.headroom.cli;

import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Stands in the list of commands; {@link Headroom#main} hands its arguments to JMH before they are parsed. */
@Command(name = "jmh", description = "JMH's own command line, untouched: try jmh -h, jmh -l, jmh TokenGeneration.")
final class JmhCommand implements Runnable {
    @Parameters(arity = "0..*", paramLabel = "ARG", description = "JMH's arguments.")
    List<String> args = List.of();

    @Override
    public void run() {
        throw new IllegalStateException("jmh is started before the command line is parsed: " + args);
    }
}
