#!/usr/bin/env python3
"""Ratios of token rates: Headroom to llama-bench, with the profiler to without, a synthetic model to a real one.

Both sides are started once and take turns: while one runs, the other is stopped (SIGSTOP), a window of some seconds
each, so that a machine whose speed drifts hits both alike. A sample that a stop fell into is dropped. Each pair of
neighbouring windows gives one ratio, of tokens by time in each (a median of long samples and one of short samples differ
by what noise does to them). Where a process finds its memory makes it faster or slower by some percent for all of its
life, so there are several rounds, each with processes of its own: a round's ratio is the median of its pairs, and
printed are the rounds and their median. docs/benchmarks.md has the commands and the figures. Needs a machine with
nothing else to do, and Linux.

  fidelity.py bench    --llama DIR --llama-bench FILE --model SYNTHETIC --test tg --depth 0
  fidelity.py profiler --llama DIR --model SYNTHETIC --test tg
  fidelity.py real     --llama DIR --model SYNTHETIC --real FILE.gguf --test pp
"""
import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
JAR = os.path.join(ROOT, "target", "headroom.jar")
BENCHMARKS = {"pp": "PromptProcessing", "tg": "TokenGeneration"}
FOREVER = "1000000"


class Side:
    """A process that measures, in a group of its own, and when it said what."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        start_new_session=True)
        self.out, self.lines = [], []
        threading.Thread(target=self.read, args=(self.process.stdout, self.out), daemon=True).start()
        threading.Thread(target=self.read, args=(self.process.stderr, self.lines), daemon=True).start()

    def read(self, stream, into):
        for line in stream:
            into.append((time.monotonic(), line))

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


class Headroom(Side):
    """JMH's own command line; every iteration is a sample."""

    def __init__(self, args, file, profiler=False):
        # both sides may be JMH: they take turns, so that its lock is not needed
        command = ["java", "-Djmh.ignoreLock=true", "-jar", JAR, "jmh", BENCHMARKS[args.test] + r"\.", "-f", "1", "-wi", "1", "-w", "2s",
                   "-i", FOREVER, "-r", args.time, "-p", "model=m", "-p", "contextLength=%d" % args.depth,
                   "-p", "threads=%d" % args.threads,
                   "-jvmArgsPrepend", "-Dllama.home=%s -Dheadroom.model.path=%s" % (args.llama, file)]
        super().__init__(command + (["-prof", "dev.headroom.profiler.VramProfiler"] if profiler else []))

    def samples(self):
        """Start, end, rate."""
        found, before = [], None
        for when, line in list(self.out):
            match = re.match(r"Iteration +\d+: ([0-9.]+)", line)
            if match and before:
                found.append((before, when, float(match.group(1))))
            if match:
                before = when
        return found

    @staticmethod
    def mean(rates):
        """Tokens by time: iterations take equally long."""
        return statistics.mean(rates)

    def ready(self):
        return len(self.samples()) > 1


class LlamaBench(Side):
    """Every repetition is a sample; its time is llama-bench's own, known when all are done."""

    def __init__(self, args, file):
        super().__init__([args.llama_bench, "-m", file, "-t", str(args.threads), "-r", str(args.repetitions),
                          "-d", str(args.depth), "-p", "512" if args.test == "pp" else "0",
                          "-n", "128" if args.test == "tg" else "0", "-o", "json", "--progress"])

    def starts(self):
        return [when for when, line in list(self.lines) if re.search(r" run \d+/\d+$", line.strip())]

    def samples(self):
        rates = json.loads("".join(line for _, line in self.out))[0]["samples_ts"]
        starts = self.starts()[-len(rates):] + [self.lines[-1][0] + 1e9]
        return [(starts[i], starts[i + 1], rate) for i, rate in enumerate(rates)]

    @staticmethod
    def mean(rates):
        """Tokens by time: repetitions have equally many tokens."""
        return statistics.harmonic_mean(rates)

    def ready(self):
        return len(self.starts()) > 2


def take_turns(first, second, window, pairs):
    """Windows of first and second in turn; returns [(side, start, end)]."""
    for side in (first, second):
        other = second if side is first else first
        other.signal(signal.SIGSTOP)
        side.signal(signal.SIGCONT)
        while not side.ready():
            if side.process.poll() is not None:
                sys.exit("ended early: " + "".join(line for _, line in side.lines + side.out))
            time.sleep(0.1)
    windows = []
    for number in range(2 * pairs):
        side, other = (first, second) if number % 4 in (0, 3) else (second, first)
        other.signal(signal.SIGSTOP)
        side.signal(signal.SIGCONT)
        start = time.monotonic()
        while time.monotonic() < start + window and side.process.poll() is None:
            time.sleep(0.01)
        windows.append((side, start, time.monotonic()))
        if any(s.process.poll() is not None for s in (first, second)):
            break
    return windows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["bench", "profiler", "real"])
    parser.add_argument("--llama", required=True)
    parser.add_argument("--llama-bench")
    parser.add_argument("--model", required=True)
    parser.add_argument("--real")
    parser.add_argument("--test", choices=["pp", "tg"], required=True)
    parser.add_argument("--depth", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--window", type=float, default=2, help="seconds")
    parser.add_argument("--pairs", type=int, default=4, help="in a round")
    parser.add_argument("--time", default="100ms", help="of an iteration of Headroom")
    parser.add_argument("--repetitions", type=int, default=1000, help="of llama-bench; it has to come to its end")
    parser.add_argument("--rounds", type=int, default=7, help="with fresh processes each")
    args = parser.parse_args()
    made = subprocess.run(["java", "-jar", JAR, "model", "make", args.model, "--json"], check=True, capture_output=True)
    file = list(json.loads(made.stdout).values())[0]
    label = "%s %s %s depth %d threads %d" % (args.what, args.model, args.test, args.depth, args.threads)
    ratios = []
    for _ in range(args.rounds):
        ratios.append(one_round(args, file, label))
        print("%s: round %.4f" % (label, ratios[-1]), flush=True)
    ordered = sorted(ratios)
    print("%s: median ratio %.4f, quartiles %.4f to %.4f, %d rounds of %d pairs" % (
        label, statistics.median(ratios), ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4], len(ratios),
        args.pairs))


def one_round(args, file, label):
    """The median of the ratios of pairs of windows, with processes of its own."""
    first = Headroom(args, file, profiler=args.what == "profiler")
    first.signal(signal.SIGSTOP)
    second = {"bench": lambda: LlamaBench(args, file),
              "profiler": lambda: Headroom(args, file),
              "real": lambda: Headroom(args, args.real)}[args.what]()
    try:
        windows = take_turns(first, second, args.window, args.pairs)
        if args.what == "bench":
            first.signal(signal.SIGKILL)
            second.signal(signal.SIGCONT)
            second.process.wait()
            time.sleep(0.5)
        samples = {first: first.samples(), second: second.samples()}
    finally:
        for side in (first, second):
            side.signal(signal.SIGKILL)
            side.process.wait()
    rates = []
    for side, start, end in windows:
        whole = [rate for began, ended, rate in samples[side] if start <= began and ended <= end]
        rates.append((side, side.mean(whole) if whole else None, len(whole)))
    ratios = []
    for number in range(0, len(rates) - 1, 2):
        pair = {rates[number][0]: rates[number], rates[number + 1][0]: rates[number + 1]}
        (_, a, m), (_, b, n) = pair[first], pair[second]
        if a and b:
            ratios.append(a / b)
            print("%s: %.2f (%d samples) / %.2f (%d) tokens/s = %.4f" % (label, a, m, b, n, a / b))
    if not ratios:
        sys.exit("too few whole samples in a window: take a longer --window or more --repetitions")
    return statistics.median(ratios)


if __name__ == "__main__":
    sys.exit(main())
