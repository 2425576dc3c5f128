package dev.headroom.probe;

import static dev.headroom.Units.MIB;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.headroom.BadInput;
import dev.headroom.environment.Environment;
import dev.headroom.gguf.ModelStore;
import dev.headroom.llama.LlamaDevice;
import dev.headroom.llama.LlamaException;
import dev.headroom.llama.LlamaLibrary;
import dev.headroom.memory.Meter;
import dev.headroom.memory.MeterProof;
import dev.headroom.memory.Meters;
import dev.headroom.memory.ProofTarget;
import dev.headroom.result.Json;
import dev.headroom.result.MeterReport;
import dev.headroom.result.Run;
import dev.headroom.result.Timestamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Proves this machine's meters in a process of its own, because a proof takes gigabytes and opens every device. */
public final class MeterProbe {
    /** glibc then returns freed large blocks to the system at once (mallopt(3)). */
    private static final Map<String, String> ENVIRONMENT = Map.of("MALLOC_MMAP_THRESHOLD_", "131072");

    /** How long a report is valid, unless the machine changed. */
    private static final Duration RECENT = Duration.ofDays(1);

    /** Options that keep the JVM's own memory constant: the heap is resident, the optimizing compiler is off. */
    private static final List<String> CONSTANT_MEMORY =
            List.of("-Xms256m", "-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=1");

    private MeterProbe() {}

    /** Number of attempts at a proof that other programs disturb. */
    private static final int ATTEMPTS = 3;

    /** Growth of a device's memory that disturbs a proof, in MiB. A new window takes less. */
    private static final double DISTURBED_MIB = 64;

    /**
     * The report of the last day on this machine and these devices, or a new one.
     *
     * @throws BadInput if the library cannot be used
     */
    public static MeterReport recent(Path home, List<Run.Device> devices) {
        Map<String, String> on = on(home, devices.stream().map(Run.Device::description));
        return kept(on).filter(report -> on.equals(report.on()))
                .filter(MeterProbe::isRecent)
                .orElseGet(() -> report(home));
    }

    /**
     * Proves every meter on the host and on the devices of a llama.cpp, and stores the report for later runs. A
     * disturbed proof is repeated, and never stored.
     *
     * @param home directory of the library; null for the host alone
     * @throws BadInput if the library cannot be used
     */
    public static MeterReport report(@Nullable Path home) {
        MeterReport report = ask(home);
        for (int i = 1; report.disturbedMib() != null && i < ATTEMPTS; i++) {
            report = ask(home);
        }
        if (report.disturbedMib() != null) {
            return report;
        }
        Path file = file(report.on());
        try {
            Files.createDirectories(file.resolveSibling(""));
            Path part = Files.createTempFile(file.resolveSibling(""), "meters", ".part");
            Files.writeString(part, Json.pretty(report));
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            return report; // the next run proves again
        }
        return report;
    }

    private static boolean isRecent(MeterReport report) {
        try {
            return Instant.parse(report.made()).plus(RECENT).isAfter(Instant.now());
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static Path file(Map<String, String> on) {
        String name = String.format(Locale.ROOT, "meters-%08x.json", on.hashCode());
        return ModelStore.ofUser().directory().toAbsolutePath().resolve(name);
    }

    /** The stored report; empty if the file is missing or damaged. */
    private static Optional<MeterReport> kept(Map<String, String> on) {
        try {
            return Optional.of(Json.read(Files.readString(file(on)), MeterReport.class));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Map<String, String> on(@Nullable Path home, Stream<String> devices) {
        Environment environment = CurrentEnvironment.detect();
        Map<String, String> on = new LinkedHashMap<>();
        on.put("environment", environment.name());
        environment.facts().forEach((fact, value) -> {
            if (fact.equals("kernel") || fact.startsWith("gpu")) {
                on.put(fact, value);
            }
        });
        System.getenv().forEach((name, value) -> {
            if (name.endsWith("VISIBLE_DEVICES")) {
                on.put(name, value);
            }
        });
        if (home != null) {
            on.put("llama", home.toString());
            on.put("devices", devices.collect(Collectors.joining(", ")));
        }
        return on;
    }

    private static MeterReport ask(@Nullable Path home) {
        String json = ProbeProcess.ask(
                MeterProbe.class,
                "The proof of the meters",
                CONSTANT_MEMORY,
                ENVIRONMENT,
                home == null ? List.of() : List.of(home.toString()));
        try {
            return Json.read(json, MeterReport.class);
        } catch (JsonProcessingException e) {
            throw new BadInput("The proof of the meters gave an answer that cannot be read.", e);
        }
    }

    /** The process that answers. Argument: {@code [home]}. */
    public static void main(String[] args) {
        try (Meters meters = Meters.open()) {
            ProbeProcess.answer(Json.line(prove(meters, args)));
        } catch (BadInput | LlamaException e) {
            ProbeProcess.refuse(e);
        }
    }

    private static MeterReport prove(Meters meters, String[] args) {
        MeterProof proof = new MeterProof(meters.working());
        List<MeterProof.Trial> trials = new ArrayList<>(proof.on(ProofTarget.host()));
        List<LlamaDevice> devices = List.of();
        if (args.length > 0) {
            LlamaLibrary library = LlamaLibrary.open(Path.of(args[0]));
            devices = library.devices();
            ProofTarget.devices(library).forEach(target -> trials.addAll(proof.on(target)));
        }
        Map<Meter, Double> costs = new HashMap<>();
        meters.working().stream()
                .filter(meter -> meter.read().isPresent())
                .forEach(meter -> costs.put(meter, proof.costMicros(meter)));
        return new MeterReport(
                Timestamp.seconds(),
                on(args.length > 0 ? Path.of(args[0]) : null, devices.stream().map(LlamaDevice::description)),
                meters.working().stream()
                        .map(meter -> entry(meter, costs.get(meter), proof))
                        .toList(),
                meters.unavailable().stream()
                        .collect(Collectors.toMap(
                                Meters.Unavailable::name,
                                Meters.Unavailable::reason,
                                (first, second) -> first,
                                LinkedHashMap::new)),
                trials.stream().map(MeterProbe::trial).toList(),
                verdicts(trials),
                proof.moved() / MIB >= DISTURBED_MIB ? proof.moved() / MIB : null,
                proof.notTried());
    }

    private static MeterReport.Entry entry(Meter meter, @Nullable Double costMicros, MeterProof proof) {
        OptionalLong resolution = proof.resolution(meter);
        return new MeterReport.Entry(
                meter.name(),
                meter.metric().label(),
                meter.signal().scope().name().toLowerCase(Locale.ROOT),
                meter.signal().semantics().name().toLowerCase(Locale.ROOT),
                costMicros,
                resolution.isPresent() ? resolution.getAsLong() / 1024.0 : null);
    }

    private static MeterReport.Trial trial(MeterProof.Trial trial) {
        return new MeterReport.Trial(
                trial.meter(),
                trial.target(),
                trial.bytes() / MIB,
                trial.rise() / MIB,
                (trial.rise() - trial.bytes()) / MIB,
                trial.latencyMillis(),
                trial.remaining() / MIB);
    }

    private static List<MeterReport.Verdict> verdicts(List<MeterProof.Trial> trials) {
        return trials.stream()
                .collect(Collectors.groupingBy(
                        trial -> Arrays.asList(trial.meter(), trial.card(), trial.target()),
                        LinkedHashMap::new,
                        Collectors.toList()))
                .values()
                .stream()
                .map(of -> new MeterReport.Verdict(
                        of.get(0).meter(),
                        of.get(0).target(),
                        MeterProof.Verdict.of(of).name().toLowerCase(Locale.ROOT),
                        of.stream().mapToLong(MeterProof.Trial::error).max().orElse(0) / MIB))
                .toList();
    }
}
