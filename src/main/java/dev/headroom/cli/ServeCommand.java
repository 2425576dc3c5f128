package dev.headroom.cli;

import dev.headroom.place.LaunchCommand;
import dev.headroom.place.PlaceServer;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headroom serve}: measures inside an environment for the Headroom outside, which started it. */
@Command(
        name = LaunchCommand.SERVE,
        hidden = true,
        description = "Measure forks for the Headroom outside this environment. Requests come on standard input.")
final class ServeCommand implements Runnable {
    @Option(names = "--llama", paramLabel = "DIR", description = "Directory of llama.cpp.")
    @Nullable
    Path llama;

    @Override
    public void run() {
        PrintStream replies = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        System.setOut(System.err); // standard output is only for replies
        PlaceServer server = new PlaceServer(replies, Version.current(), llama);
        Interruption interruption = Interruption.of(server::end);
        try {
            server.serve(System.in);
        } finally {
            interruption.finish();
        }
    }
}
