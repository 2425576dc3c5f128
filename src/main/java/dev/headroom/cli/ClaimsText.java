package dev.headroom.cli;

import dev.headroom.OneLine;
import dev.headroom.compare.Claims.Result;
import java.util.ArrayList;
import java.util.List;

/** The output of {@code compare --claims}: one paragraph a claim. */
final class ClaimsText {
    private ClaimsText() {}

    static String of(List<Result> claims, boolean markdown) {
        StringBuilder text = new StringBuilder();
        for (Result claim : claims) {
            String answer = claim.answer().text();
            List<String> details = new ArrayList<>(List.of(OneLine.of(claim.why(), " ")));
            if (!claim.cells().isEmpty()) {
                details.add("cells: " + OneLine.of(String.join(", ", claim.cells()), " "));
            }
            if (markdown) {
                text.append("- **")
                        .append(answer)
                        .append(":** ")
                        .append(CompareText.escaped(OneLine.of(claim.claim(), " ")));
                details.forEach(detail -> text.append("\n  ").append(CompareText.escaped(detail)));
                text.append('\n');
            } else {
                text.append(text.isEmpty() ? "" : "\n")
                        .append(answer)
                        .append(": ")
                        .append(OneLine.of(claim.claim(), " "))
                        .append('\n');
                details.forEach(detail -> text.append("  ").append(detail).append('\n'));
            }
        }
        return text.toString();
    }
}
