package dev.headroom.cli;

import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code headroom jmh}: lists the command in the help. {@link Headroom#main} passes its arguments to JMH before they
 * are parsed.
 */
@Command(name = "jmh", description = "Run JMH's own command line. Try jmh -h, jmh -l, jmh TokenGeneration.")
final class JmhCommand implements Runnable {
    @Parameters(arity = "0..*", paramLabel = "ARG", description = "Arguments of JMH.")
    List<String> args = List.of();

    @Override
    public void run() {
        throw new IllegalStateException("JMH must start before the command line is parsed: " + args);
    }
}
