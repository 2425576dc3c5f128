package dev.headroom.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CudaDevicesTest {
    private static final NvidiaCard SLOW = card("0000:01:00.0", "NVIDIA GeForce GT 1030", "GPU-1a000000");
    private static final NvidiaCard FAST = card("0000:02:00.0", "NVIDIA GeForce RTX 4090", "GPU-2b000000");
    private static final NvidiaCard TWIN = card("0000:03:00.0", "NVIDIA GeForce RTX 4090", "GPU-3c000000");
    private static final NvidiaCard PART = card("0000:04:00.0", "NVIDIA H100 MIG 1g.10gb", "MIG-4d000000");

    private static NvidiaCard card(String pciId, String name, String uuid) {
        return new NvidiaCard(pciId, name, uuid);
    }

    private static CudaDevices visible(String devices) {
        return new CudaDevices(devices, null);
    }

    @ParameterizedTest
    @CsvSource({"GPU-2b000000, 0", "GPU-2b, 0", "'GPU-1a,GPU-2b', 1", "'GPU-1a , GPU-2b', 1", "'0,GPU-2b', 1"})
    void findsACardByItsUuidOrAPrefix(String devices, int number) {
        assertThat(visible(devices).card(number, List.of(SLOW, FAST, TWIN))).contains(FAST);
    }

    @Test
    void findsAPartOfACardByItsUuid() {
        assertThat(visible("MIG-4d000000").card(0, List.of(FAST, PART))).contains(PART);
    }

    @Test
    void cudaIndexIsUsedInTheOrderOfPciIds() {
        CudaDevices byPciId = new CudaDevices("2,0", "PCI_BUS_ID");
        List<NvidiaCard> cards = List.of(SLOW, FAST, TWIN);
        assertThat(byPciId.card(0, cards)).contains(TWIN);
        assertThat(byPciId.card(1, cards)).contains(SLOW);
        assertThat(byPciId.card(2, cards)).isEmpty();
        assertThat(new CudaDevices(null, "PCI_BUS_ID").card(1, cards)).contains(FAST);
    }

    @Test
    void cudaIndexIsIgnoredUnlessCardsAreIdentical() {
        assertThat(visible("1").card(0, List.of(SLOW, FAST))).isEmpty();
        assertThat(visible("1").card(0, List.of(FAST, TWIN))).contains(TWIN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", ",", "-1", "NoDevFiles", "GPU-ffff", "9", "99999999999", "GPU-2b000000x"})
    void unknownEntriesFindNoCard(String devices) {
        assertThat(visible(devices).card(0, List.of(FAST, TWIN))).isEmpty();
    }

    @Test
    void namesCardsByUuidOrPrefix() {
        assertThat(visible("0, MIG-4d").names("MIG-4d000000")).isTrue();
        assertThat(visible("0,,MIG-5").names("MIG-4d000000")).isFalse();
        assertThat(new CudaDevices(null, null).names("MIG-4d000000")).isFalse();
    }
}
