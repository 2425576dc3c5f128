package dev.headroom.memory;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.WString;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An open query of Windows's performance counters (pdh.h). A counter is named by its English path, with {@code *} for
 * the instance. So each reading has all current instances, such as those of new processes.
 */
final class PdhQuery implements AutoCloseable {
    private static final int SUCCESS = 0;
    private static final int PDH_MORE_DATA = 0x800007D2;
    private static final int PDH_FMT_LARGE = 0x400;

    /** Size of {@code PDH_FMT_COUNTERVALUE_ITEM_W}, which starts with a pointer to the instance's name. */
    private static final int ITEM = 24;

    /** Offsets of the value's status and of the value. */
    private static final int STATUS = 8;

    private static final int LARGE = 16;

    /** A value is valid with {@code PDH_CSTATUS_VALID_DATA}, which is 0, or {@code PDH_CSTATUS_NEW_DATA}. */
    private static final int NEW_DATA = 1;

    /** First size of the buffer for one counter in bytes: enough for some hundred instances with their names. */
    private static final int BUFFER = 64 * 1024;

    /** Windows updates the counters about twenty times a second. Within this time, one collection is used again. */
    private static final Duration FRESH = Duration.ofMillis(5);

    /**
     * The value of one instance of a counter.
     *
     * @param valid whether Windows reports the value as valid
     */
    record Value(String instance, boolean valid, long number) {}

    private final NativeLibrary pdh;
    private final Pointer query;
    private final Map<String, Pointer> counters = new LinkedHashMap<>();
    private final IntByReference size = new IntByReference();
    private final IntByReference count = new IntByReference();
    private Memory items = new Memory(BUFFER);
    private long collectedAt = System.nanoTime() - FRESH.toNanos();
    private boolean collected;
    private boolean closed;

    private PdhQuery(NativeLibrary pdh, Pointer query) {
        this.pdh = pdh;
        this.query = query;
    }

    /**
     * Opens a query of some counters.
     *
     * @param library {@code pdh}; tests use another one
     * @param paths counters, such as {@code \GPU Adapter Memory(*)\Dedicated Usage}
     */
    static PdhQuery open(String library, List<String> paths) throws MeterUnavailable {
        NativeLibrary pdh = NativeLibrary.getInstance(library);
        PointerByReference handle = new PointerByReference();
        int code = pdh.getFunction("PdhOpenQueryW").invokeInt(new Object[] {0L, 0L, handle});
        if (code != SUCCESS) {
            throw new MeterUnavailable("Windows opens no query of performance counters: error " + hex(code));
        }
        PdhQuery query = new PdhQuery(pdh, handle.getValue());
        for (String path : paths) {
            code = query.call("PdhAddEnglishCounterW", query.query, new WString(path), 0L, handle);
            if (code != SUCCESS) {
                query.close();
                throw new MeterUnavailable("Windows has no performance counter " + path + ": error " + hex(code));
            }
            query.counters.put(path, handle.getValue());
        }
        return query;
    }

    private int call(String function, Object... arguments) {
        return pdh.getFunction(function).invokeInt(arguments);
    }

    private static String hex(int code) {
        return "0x" + Integer.toHexString(code);
    }

    /** The values of one counter, one for each instance. Empty without an instance, and if Windows reports an error. */
    List<Value> values(String path) {
        Pointer counter = counters.get(path);
        if (counter == null) {
            throw new IllegalArgumentException("This query has no counter " + path + ".");
        }
        long now = System.nanoTime();
        if (now - collectedAt >= FRESH.toNanos()) {
            collected = call("PdhCollectQueryData", query) == SUCCESS;
            collectedAt = now;
        }
        if (!collected) {
            return List.of();
        }
        int code = fillItems(counter);
        if (code == PDH_MORE_DATA) {
            // Windows returns the size needed only for a buffer of size 0.
            size.setValue(0);
            call("PdhGetFormattedCounterArrayW", counter, PDH_FMT_LARGE, size, count, 0L);
            items = new Memory(Math.max(BUFFER, 2L * size.getValue()));
            code = fillItems(counter);
        }
        return code == SUCCESS ? values(items, count.getValue()) : List.of();
    }

    private int fillItems(Pointer counter) {
        size.setValue((int) items.size());
        return call("PdhGetFormattedCounterArrayW", counter, PDH_FMT_LARGE, size, count, items);
    }

    /** Reads an array of {@code PDH_FMT_COUNTERVALUE_ITEM_W}. */
    static List<Value> values(Pointer items, int count) {
        List<Value> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Pointer item = items.share((long) i * ITEM, ITEM);
            int status = item.getInt(STATUS);
            values.add(new Value(
                    item.getPointer(0).getWideString(0), status == SUCCESS || status == NEW_DATA, item.getLong(LARGE)));
        }
        return values;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            call("PdhCloseQuery", query);
        }
    }
}
