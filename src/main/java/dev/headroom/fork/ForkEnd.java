package dev.headroom.fork;

import dev.headroom.BadInput;
import dev.headroom.OneLine;
import dev.headroom.Units;
import dev.headroom.environment.OomKills;
import dev.headroom.llama.LlamaException;
import dev.headroom.llama.LlamaFacts;
import dev.headroom.llama.LlamaOutOfMemory;
import dev.headroom.probe.ProcessEnd;
import dev.headroom.result.Status;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The status and reason of a fork that measured nothing, derived from what it left behind.
 *
 * @param reason one or two sentences
 */
record ForkEnd(Status status, String reason) {
    private static final int SIGKILL = 9;

    private static final Set<Integer> WINDOWS_OUT_OF_MEMORY = Set.of(0xC0000017, 0xC000012D);

    private static final Pattern EXIT = Pattern.compile("Forked VM failed with exit code (?<code>-?\\d{1,10})");

    /** The last line that ggml, the C++ runtime or the JVM prints before it ends the process. */
    private static final Pattern LAST_WORDS = Pattern.compile(
            "GGML_ASSERT\\(|GGML_ABORT|fatal error|CUDA error|terminate called|^\\s*what\\(\\):|std::|vk::"
                    + "|OutOfMemoryError");

    private static final Pattern NATIVE_OUT_OF_MEMORY = Pattern.compile(
            "std::bad_alloc|ErrorOutOf(?:Device|Host)Memory|CUDA error: out of memory|hipErrorOutOfMemory"
                    + "|cudaErrorMemoryAllocation|failed to allocate");

    private static final Pattern JVM_ALLOCATION =
            Pattern.compile("Native memory allocation \\(\\w+\\) failed to (?:map|allocate) (?<bytes>\\d{1,18}) bytes");

    /**
     * The traces of a fork.
     *
     * @param thrown the exception from JMH; null if it reported no failure
     * @param output lines printed by the fork and by JMH
     * @param facts facts in llama.cpp's log
     * @param crashReport lines of the JVM's crash report (hs_err); may be empty
     * @param kills out-of-memory kills that the kernel counted while the fork ran
     */
    record Evidence(
            @Nullable Throwable thrown,
            List<String> output,
            LlamaFacts facts,
            List<String> crashReport,
            OomKills kills) {}

    static ForkEnd of(Evidence evidence) {
        List<Throwable> causes = causes(evidence.thrown());
        for (Throwable cause : causes) {
            if (cause instanceof LlamaOutOfMemory) {
                return new ForkEnd(Status.OOM, message(cause));
            }
            if (cause instanceof OutOfMemoryError) {
                return new ForkEnd(Status.OOM, "Java ran out of memory in the fork: " + message(cause) + ".");
            }
            if (cause instanceof LlamaException || cause instanceof BadInput) {
                return new ForkEnd(Status.REFUSED, message(cause));
            }
        }
        OptionalInt exit = exit(causes);
        if (exit.isPresent()) {
            return ofExit(exit.getAsInt(), evidence);
        }
        return new ForkEnd(
                Status.CRASHED,
                causes.isEmpty()
                        ? "The fork ended without a result."
                        : "The fork failed: " + message(causes.get(causes.size() - 1)));
    }

    private static ForkEnd ofExit(int exit, Evidence evidence) {
        int signal = exit - 128;
        String how = ProcessEnd.how(exit);
        if (signal == SIGKILL) {
            return killed(how, evidence.kills());
        }
        String lastWords = lastWords(evidence.output()).orElse(null);
        String said = lastWords == null ? "" : ", after \"" + lastWords + "\"";
        Optional<String> allocation = allocation(evidence.crashReport(), evidence.facts(), lastWords);
        if (allocation.isPresent() || WINDOWS_OUT_OF_MEMORY.contains(exit)) {
            return new ForkEnd(
                    Status.OOM,
                    allocation.orElse("Memory ran out") + ", and the process ended with " + how + said + ".");
        }
        return new ForkEnd(
                Status.CRASHED,
                ProcessEnd.crash(evidence.crashReport())
                        .map(crash -> "The process crashed with " + crash + said + ".")
                        .orElse("The process ended with " + how + said + "."));
    }

    private static ForkEnd killed(String how, OomKills kills) {
        long group = Objects.requireNonNullElse(kills.group(), 0L);
        long machine = Objects.requireNonNullElse(kills.machine(), 0L);
        if (group > 0 || machine > 0) {
            return new ForkEnd(
                    Status.OOM,
                    "The kernel killed the process because memory ran out (" + how + "; its count of such kills "
                            + (group > 0 ? "in this control group" : "on this machine") + " rose by "
                            + Math.max(group, machine) + ").");
        }
        String counted = kills.group() != null || kills.machine() != null
                ? "the kernel counted no out-of-memory kill meanwhile"
                : "this system does not report out-of-memory kills";
        return new ForkEnd(Status.CRASHED, "Another process ended the fork with " + how + "; " + counted + ".");
    }

    /**
     * The allocation that failed, as the beginning of a sentence. Sources in order: the JVM, llama.cpp's log, the last
     * words.
     */
    private static Optional<String> allocation(List<String> crashReport, LlamaFacts facts, @Nullable String lastWords) {
        OptionalLong jvm = crashReport.stream()
                .map(JVM_ALLOCATION::matcher)
                .filter(Matcher::find)
                .mapToLong(matcher -> Long.parseLong(matcher.group("bytes")))
                .findFirst();
        if (jvm.isPresent()) {
            return Optional.of("Java could not allocate " + mebibytes(jvm.getAsLong() / Units.MIB));
        }
        LlamaFacts.FailedAllocation failed = facts.failedAllocation();
        if (failed != null) {
            return Optional.of("llama.cpp could not allocate "
                    + (failed.mebibytes() == null ? "memory" : mebibytes(failed.mebibytes()))
                    + (failed.device() == null ? "" : " on " + failed.device()));
        }
        return Optional.ofNullable(lastWords)
                .filter(words -> NATIVE_OUT_OF_MEMORY.matcher(words).find())
                .map(words -> "Memory ran out");
    }

    private static String mebibytes(double mebibytes) {
        return String.format(Locale.ROOT, "%.0f MiB", mebibytes);
    }

    private static Optional<String> lastWords(List<String> output) {
        return output.stream()
                .filter(line ->
                        !line.startsWith("#") && LAST_WORDS.matcher(line).find())
                .reduce((first, second) -> second)
                .map(line -> OneLine.of(line, " ").strip())
                .map(line -> line.length() > 200 ? line.substring(0, 200) + "…" : line);
    }

    /** The exit code of the fork's process; empty if the failure was another one. */
    static OptionalInt exit(@Nullable Throwable thrown) {
        return exit(causes(thrown));
    }

    private static OptionalInt exit(List<Throwable> causes) {
        return causes.stream()
                .map(cause -> EXIT.matcher(String.valueOf(cause.getMessage())))
                .filter(Matcher::find)
                .mapToInt(matcher -> Integer.parseInt(matcher.group("code")))
                .findFirst();
    }

    private static List<Throwable> causes(@Nullable Throwable thrown) {
        List<Throwable> causes = new ArrayList<>();
        collect(thrown, causes, Collections.newSetFromMap(new IdentityHashMap<>()));
        return causes;
    }

    private static void collect(@Nullable Throwable thrown, List<Throwable> into, Set<Throwable> seen) {
        if (thrown != null && seen.add(thrown)) {
            into.add(thrown);
            collect(thrown.getCause(), into, seen);
            Stream.of(thrown.getSuppressed()).forEach(suppressed -> collect(suppressed, into, seen));
        }
    }

    private static String message(Throwable thrown) {
        return Objects.requireNonNullElse(thrown.getMessage(), thrown.getClass().getName())
                .strip();
    }
}
