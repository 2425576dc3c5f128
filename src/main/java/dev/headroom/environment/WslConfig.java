package dev.headroom.environment;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The Windows user's limits for WSL2's virtual machine, in {@code .wslconfig}. */
final class WslConfig {
    /**
     * A folder that Windows adds to each user's PATH. WSL appends Windows's PATH to its own, which shows the user and
     * where the drive is mounted.
     */
    private static final Pattern HOME =
            Pattern.compile("(?:^|:)/(?<home>[^:]*/Users/[^/:]+)/AppData/Local/Microsoft/WindowsApps/?(?::|$)");

    private static final Pattern SECTION = Pattern.compile("\\[(.*)]");

    private static final Map<String, String> FACTS =
            Map.of("memory", "wslConfigMemory", "swap", "wslConfigSwap", "processors", "wslConfigProcessors");

    private WslConfig() {}

    /** Adds what the file sets. Nothing if the user is not certain, or the drive is not mounted. */
    static void putInto(Facts facts, Machine machine) {
        Matcher home = HOME.matcher(machine.variable("PATH").orElse(""));
        if (home.find()) {
            parse(machine.lines(home.group("home") + "/.wslconfig"), facts);
        }
    }

    static void parse(List<String> lines, Facts facts) {
        String section = "";
        for (String line : lines) {
            String text = line.replace("\uFEFF", "").split("#", 2)[0].strip();
            Matcher header = SECTION.matcher(text);
            String[] setting = text.split("=", 2);
            String fact = FACTS.get(setting[0].strip().toLowerCase(Locale.ROOT));
            if (header.matches()) {
                section = header.group(1).strip();
            } else if (section.equals("wsl2") && fact != null && setting.length == 2) {
                facts.put(fact, setting[1].strip());
            }
        }
    }
}
