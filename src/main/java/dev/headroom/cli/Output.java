package dev.headroom.cli;

import dev.headroom.result.Json;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Option;

/** The options and output that all commands share. Results go to standard output, everything else to standard error. */
final class Output {
    private static final int BAR = 24;

    @Option(names = "--json", description = "Print JSON on standard output instead of a table.")
    boolean json;

    @Option(names = "--quiet", description = "Print no progress and no warnings.")
    boolean quiet;

    @Option(names = "--help", usageHelp = true, description = "Print this help.")
    boolean help;

    private boolean barShown;

    /** Prints the result of a command: the text, or with {@code --json} the value. */
    void answer(Object value, String text) {
        if (json) {
            print(System.out, "");
            Json.print(value, System.out);
        } else {
            print(System.out, text);
        }
    }

    /** Prints text for programs and files. It is UTF-8, whatever the encoding of the terminal. */
    void data(String text) {
        print(System.out, "");
        System.out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        System.out.flush();
    }

    /** Prints additional information for people. */
    void info(String text) {
        if (!quiet) {
            print(json ? System.err : System.out, text + "\n");
        }
    }

    void warn(String text) {
        if (!quiet) {
            print(System.err, "warning: " + text + "\n");
        }
    }

    /** Draws a progress bar over the previous one, if standard output is a terminal. */
    void progress(double done, String text) {
        if (!quiet && interactive()) {
            int full = (int) Math.round(BAR * Math.min(1, Math.max(0, done)));
            System.err.print("\r\u001b[K[" + "#".repeat(full) + "-".repeat(BAR - full) + "] " + text);
            System.err.flush();
            barShown = true;
        }
    }

    static boolean interactive() {
        return Ansi.AUTO.enabled();
    }

    private void print(PrintStream stream, String text) {
        if (barShown) {
            System.err.print("\r\u001b[K");
            System.err.flush();
            barShown = false;
        }
        stream.print(text);
        stream.flush();
    }

    /** Formats rows as columns, separated by two blanks. Numbers are aligned right. */
    static String table(List<List<String>> rows) {
        int columns = rows.stream().mapToInt(List::size).max().orElse(0);
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                String cell = row.get(i);
                boolean number = cell.matches("[-+]?[0-9][0-9.,]*( [±(].*)?");
                String padding = " ".repeat(widths[i] - cell.length());
                line.append(number ? padding + cell : cell + padding).append("  ");
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
