package dev.headroom.compare;

import java.util.List;

/**
 * What comparing found.
 *
 * @param by what is compared
 * @param baseline the side that the others are held against
 * @param headlines comparisons of speed and of the memory that matters most
 * @param rest all other comparisons
 * @param differences of every figure that could be compared, by side, cell and measure
 */
public record Comparison(
        Dimension by,
        String baseline,
        List<String> others,
        Family headlines,
        Family rest,
        List<Difference> differences,
        List<Tax> taxes,
        List<SideBySide> waterfalls,
        List<Incomparable> incomparable,
        List<Alone> alone,
        List<String> warnings) {

    /**
     * Comparisons that share a probability of {@value Comparer#FALSE_VERDICT} that one or more of them find a
     * difference where there is none.
     *
     * @param size how many
     * @param level what one of their intervals misses the truth with
     */
    public record Family(int size, double level) {}

    /**
     * A cell, or one figure of it, that is not compared.
     *
     * @param measure the figure's name; empty: all of them
     */
    public record Incomparable(String other, CellKey cell, List<String> ids, String measure, String reason) {}

    /**
     * A cell without a partner.
     *
     * @param side where it is
     * @param missing where it is not
     * @param nearest in what a cell there differs, if that is one parameter besides the context length; else empty
     */
    public record Alone(String side, String missing, CellKey cell, String id, String nearest) {}
}
