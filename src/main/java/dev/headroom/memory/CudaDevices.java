package dev.headroom.memory;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Which cards CUDA shows to this process, and in which order (CUDA C++ Programming Guide, "CUDA Environment
 * Variables").
 *
 * @param visible {@code CUDA_VISIBLE_DEVICES}: numbers, or UUIDs or how they begin; empty: every card
 * @param order {@code CUDA_DEVICE_ORDER}: by PCI id, as NVML has them, if it is {@code PCI_BUS_ID}
 */
record CudaDevices(Optional<String> visible, Optional<String> order) {
    static CudaDevices ofEnvironment() {
        return new CudaDevices(
                Optional.ofNullable(System.getenv("CUDA_VISIBLE_DEVICES")),
                Optional.ofNullable(System.getenv("CUDA_DEVICE_ORDER")));
    }

    /** Whether this card, or part of one, is named by its UUID. */
    boolean names(String uuid) {
        return visible.stream()
                .flatMap(list -> Stream.of(list.split(",")))
                .anyMatch(entry -> !entry.isBlank() && uuid.startsWith(entry.strip()));
    }

    /**
     * The card behind one of CUDA's numbers. By default CUDA has the fastest card first: its numbers are known only if
     * it is told to keep to PCI ids, or if the cards are all the same.
     *
     * @param number 1 for {@code CUDA1}
     * @param cards in the order of their PCI ids
     */
    Optional<NvidiaCard> card(int number, List<NvidiaCard> cards) {
        List<String> entries = visible.map(list -> List.of(list.split(",")))
                .orElse(IntStream.range(0, cards.size())
                        .mapToObj(Integer::toString)
                        .toList());
        if (number >= entries.size()) {
            return Optional.empty();
        }
        String entry = entries.get(number).strip();
        if (!entry.matches("[0-9]{1,4}")) {
            return cards.stream()
                    .filter(card -> !entry.isEmpty()
                            && card.uuid()
                                    .filter(uuid -> uuid.startsWith(entry))
                                    .isPresent())
                    .findFirst();
        }
        boolean byPciId = order.equals(Optional.of("PCI_BUS_ID"))
                || cards.stream().map(NvidiaCard::name).distinct().count() == 1;
        int index = Integer.parseInt(entry);
        return byPciId && index < cards.size() ? Optional.of(cards.get(index)) : Optional.empty();
    }
}
