package dev.headroom;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks the rules of CONTRIBUTING.md for texts: short sentences, no riddling words, no long lines. */
class PlainEnglishTest {
    private static final int MAX_WORDS = 25;
    private static final int MAX_LINE = 120;
    private static final Pattern RIDDLES = Pattern.compile(
            "\\b(somebody|someone|nobody|whoever|(is|are) told|tells?|told|sees? from|of late)\\b",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern BLOCK_COMMENT = Pattern.compile("/\\*\\*?(.*?)\\*/", Pattern.DOTALL);
    private static final Pattern LINE_COMMENT = Pattern.compile("(?m)^\\s*//(.*)$");
    private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\\n]|\\\\.)*)\"");
    private static final Pattern TEST_NAME = Pattern.compile("void (\\w+)\\(");

    @Test
    void javaHasPlainSentencesAndShortLines() throws IOException {
        List<String> findings = new ArrayList<>();
        for (Path file : files(Path.of("src"), ".java")) {
            if (file.endsWith("PlainEnglishTest.java")) {
                continue;
            }
            String text = Files.readString(file);
            text.lines()
                    .filter(line -> line.length() > MAX_LINE)
                    .forEach(line -> findings.add(file + ": long line: " + line.strip()));
            List<String> paragraphs = new ArrayList<>();
            groups(BLOCK_COMMENT, text)
                    .forEach(comment -> paragraphs.addAll(List.of(comment.replaceAll("\\n\\s*\\*[ ]?", "\n")
                            .split("\\n\\s*\\n|\\n(?=@)|<p>|<li>|<td>|<tr>"))));
            paragraphs.addAll(groups(LINE_COMMENT, text));
            if (file.startsWith(Path.of("src", "main"))) {
                String code = text.replaceAll("(?s)/\\*.*?\\*/", "").replaceAll("\"\\s*\\+\\s*\"", "");
                paragraphs.addAll(groups(LITERAL, code));
            }
            groups(TEST_NAME, text)
                    .forEach(name ->
                            paragraphs.add(name.replaceAll("([A-Z])", " $1").strip()));
            paragraphs.forEach(paragraph -> check(file, paragraph.replaceFirst("^@\\w+ ", ""), findings));
        }

        assertThat(findings).isEmpty();
    }

    @Test
    void pagesHavePlainSentences() throws IOException {
        List<Path> pages = new ArrayList<>(files(Path.of("docs"), ".md"));
        pages.addAll(files(Path.of("profiles"), ".md"));
        Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "natives/README.md", "results/README.md")
                .map(Path::of)
                .forEach(pages::add);
        List<String> findings = new ArrayList<>();
        for (Path page : pages) {
            String text = Files.readString(page).replaceAll("(?s)```.*?```", "");
            for (String paragraph : text.split("\\n\\s*\\n|\\n(?=\\s*([-*#>|]|\\d+\\.)\\s?)| \\| |→", -1)) {
                check(page, paragraph.replaceAll("^\\s*([-*#>|]+|\\d+\\.)\\s", ""), findings);
            }
        }

        assertThat(findings).isEmpty();
    }

    private static List<Path> files(Path folder, String end) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(end)).sorted().toList();
        }
    }

    private static List<String> groups(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult result) -> result.group(1))
                .toList();
    }

    private static void check(Path file, String paragraph, List<String> findings) {
        if (RIDDLES.matcher(paragraph).find()) {
            findings.add(file + ": use another word: " + paragraph.strip());
        }
        String plain = paragraph
                .replaceAll("\\{@\\w+\\s+[^}]*\\}|`[^`]*`", "X")
                .replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
                .replaceAll("<[^>]+>", " ");
        for (String sentence : plain.split("(?<=[.!?:;])\\)?\\s+", -1)) {
            long words = Stream.of(sentence.split("\\s+"))
                    .filter(word -> word.matches(".*\\w.*"))
                    .count();
            if (words > MAX_WORDS) {
                findings.add(file + ": " + words + " words: " + sentence.strip());
            }
        }
    }
}
