package dev.headroom.fork;

import java.io.IOException;
import org.openjdk.jmh.Main;

/** JMH's own command line. */
public final class JmhMain {
    private JmhMain() {}

    public static void run(String[] args) throws IOException {
        Main.main(args);
    }
}
