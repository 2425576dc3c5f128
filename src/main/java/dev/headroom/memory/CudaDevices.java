package dev.headroom.memory;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The environment variables that select CUDA's devices. Source: CUDA C++ Programming Guide, "CUDA Environment
 * Variables".
 *
 * @param visible {@code CUDA_VISIBLE_DEVICES}: indices, UUIDs or prefixes of UUIDs; null: all cards
 * @param order {@code CUDA_DEVICE_ORDER}: {@code PCI_BUS_ID} is the order of PCI ids, which is NVML's
 */
record CudaDevices(@Nullable String visible, @Nullable String order) {
    static CudaDevices ofEnvironment() {
        return new CudaDevices(System.getenv("CUDA_VISIBLE_DEVICES"), System.getenv("CUDA_DEVICE_ORDER"));
    }

    /** Whether {@link #visible} names this card, or part of a card, by its UUID. */
    boolean names(String uuid) {
        return visible != null && Stream.of(visible.split(",")).anyMatch(entry -> isPrefix(entry, uuid));
    }

    private static boolean isPrefix(String entry, @Nullable String uuid) {
        return uuid != null && !entry.isBlank() && uuid.startsWith(entry.strip());
    }

    /**
     * The card with one of CUDA's indices. Empty if it is unknown. By default CUDA lists the fastest card first. So an
     * index is known only if the order is {@code PCI_BUS_ID}, or if all cards are identical.
     *
     * @param number index of CUDA's device: 1 for {@code CUDA1}
     * @param cards all cards, in the order of their PCI ids
     */
    Optional<NvidiaCard> card(int number, List<NvidiaCard> cards) {
        List<String> entries = visible != null
                ? List.of(visible.split(","))
                : IntStream.range(0, cards.size()).mapToObj(Integer::toString).toList();
        if (number >= entries.size()) {
            return Optional.empty();
        }
        String entry = entries.get(number).strip();
        if (!entry.matches("[0-9]{1,4}")) {
            return cards.stream().filter(card -> isPrefix(entry, card.uuid())).findFirst();
        }
        boolean byPciId = "PCI_BUS_ID".equals(order)
                || cards.stream().map(NvidiaCard::name).distinct().count() == 1;
        int index = Integer.parseInt(entry);
        return byPciId && index < cards.size() ? Optional.of(cards.get(index)) : Optional.empty();
    }
}
