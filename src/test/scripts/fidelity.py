#!/usr/bin/env python3
"""Ratios of token rates: Headroom to llama-bench, with the profiler to without, a synthetic model to a real one.

Both sides are started and take turns, as short as the model allows: a shared machine's speed drifts within seconds, and
the shorter the turns, the more of the drift falls on both sides alike. A round is two fresh processes; its ratio is that
of tokens by time over all turns of each. Printed are the rounds, and their median.

- Tokens, and prompts at depth 0: src/test/c/turns.c is loaded into both, lets them take turns of --tokens tokens or of two
  prompts, of which one counts, and takes the time of the whole loop around llama.cpp at the same place in both. Turns
  begin where llama-bench's repetitions do, so that both sides generate behind equally many tokens.
- Prompts at a depth, which llama-bench restores in between outside of its timing, and the profiler, whose sampler would
  run on in the other's turn: while one side measures the other is stopped (SIGSTOP). A turn ends with a sample (an iteration of JMH, a repetition of llama-bench), and this last one counts; those
  before, into which the stop fell, are dropped. --time should make an iteration at least as long as a repetition.

docs/benchmarks.md has the commands and the figures. Needs a machine with nothing else to do, Linux and gcc.

  fidelity.py bench    --llama DIR --llama-bench FILE --model SYNTHETIC --test tg --depth 0
  fidelity.py null     --llama DIR --llama-bench FILE --model SYNTHETIC --test tg     llama-bench against itself
  fidelity.py profiler --llama DIR --model SYNTHETIC --test tg
  fidelity.py real     --llama DIR --model SYNTHETIC --real FILE.gguf --test pp
"""
import argparse
import glob
import json
import os
import re
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
JAR = os.path.join(ROOT, "target", "headroom.jar")
BENCHMARKS = {"pp": "PromptProcessing", "tg": "TokenGeneration"}
FOREVER = "100000"
WARM_UP = 2
CYCLE = 128  # tokens that both generate before they go back to the depth
UBATCH = 512  # tokens that are computed at once


class Side:
    """A process that measures, in a group of its own, and what it says."""

    def __init__(self, command, ended, environment=None):
        """ended is the pattern of a line that says that a sample has ended."""
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        start_new_session=True, env=dict(os.environ, **(environment or {})))
        self.out, self.err = [], []
        self.pattern, self.ended, self.news = re.compile(ended), 0, threading.Condition()
        self.readers = [threading.Thread(target=self.read, args=to, daemon=True)
                        for to in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for reader in self.readers:
            reader.start()

    def read(self, stream, into):
        for line in stream:
            into.append(line)
            if self.pattern.search(line):
                with self.news:
                    self.ended += 1
                    self.news.notify()

    def go_on(self, samples):
        """Until so many more have ended; returns how many had before."""
        before = self.ended
        self.signal(signal.SIGCONT)
        with self.news:
            while not self.news.wait_for(lambda: self.ended >= before + samples, timeout=1):
                self.check()
        self.signal(signal.SIGSTOP)
        return before

    def check(self):
        if self.process.poll() is not None:
            sys.exit("ended early: " + "".join(self.err + self.out))

    def end(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


class Headroom(Side):
    """JMH's own command line; every iteration is a sample."""
    ENDED = r"Iteration +\d+: ([0-9.]+)"

    def __init__(self, args, file, profiler=False, turns=None):
        iterations = ["-i", FOREVER, "-r", args.time] if turns is None else ["-i", "1", "-r", FOREVER + "s"]
        # both sides may be JMH: they take turns, so that its lock is not needed
        command = ["java", "-Djmh.ignoreLock=true", "-jar", JAR, "jmh", BENCHMARKS[args.test] + r"\.", "-f", "1", "-wi", "1",
                   "-w", "2s", *iterations, "-to", FOREVER + "s", "-p", "model=m", "-p", "contextLength=%d" % args.depth,
                   "-p", "threads=%d" % args.threads,
                   "-jvmArgsPrepend", "-Dllama.home=%s -Dheadroom.model.path=%s" % (args.llama, file)]
        super().__init__(command + (["-prof", "dev.headroom.profiler.VramProfiler"] if profiler else []), self.ENDED,
                         turns and turns.environment(0))
        # an iteration ends as soon as the process goes on, its time being over; with a token that is too soon to have washed
        # the other side out of the caches
        self.dropped = 2 if args.test == "tg" else 1

    def rates(self):
        return [float(rate) for rate in re.findall(self.ENDED, "".join(self.out))]


class LlamaBench(Side):
    """Every repetition is a sample; its rate is llama-bench's own, known when all are done."""

    def __init__(self, args, file, turns=None):
        self.dropped = 1
        repetitions = WARM_UP + args.pairs * (self.dropped + 1) + 1 if turns is None else int(FOREVER)
        super().__init__([args.llama_bench, "-m", file, "-t", str(args.threads), "-r", str(repetitions),
                          "-d", str(args.depth), "-p", "512" if args.test == "pp" else "0",
                          "-n", str(CYCLE) if args.test == "tg" else "0", "-o", "json", "--progress"],
                         # said when one begins
                         r"(prompt|generation) run \d+/\d+$",
                         turns and turns.environment(1))  # its warm-up is one call
        self.ended = -1

    def rates(self):
        self.signal(signal.SIGCONT)
        self.process.wait()
        for reader in self.readers:
            reader.join()
        return json.loads("".join(self.out))[0]["samples_ts"]


class Turns:
    """What src/test/c/turns.c and this script share."""
    HEAD, MOST = 16, 1 << 16

    def __init__(self, args, shim):
        self.args, self.shim = args, shim
        self.file = tempfile.NamedTemporaryFile()
        self.file.truncate(self.HEAD + 2 * 8 * self.MOST)
        self.sides = 0

    def environment(self, warm_up):
        """Of the next side, whose first calls are a warm-up, the prompt that makes the depth, and --skip repetitions."""
        self.sides += 1
        skip = warm_up + -(-self.args.depth // UBATCH) + (CYCLE if self.args.test == "tg" else 1) * self.args.skip
        return dict(LD_PRELOAD=self.shim, TURNS_FILE=self.file.name, TURNS_SIDE=str(self.sides - 1),
                    TURNS_CALLS=str(self.args.tokens if self.args.test == "tg" else 2), TURNS_SKIP=str(skip),
                    TURNS_LIBRARY=glob.glob(os.path.join(self.args.llama, "libggml-base*.so"))[0])

    def taken(self):
        """By the side that has had fewer."""
        return min(struct.unpack("4I", os.pread(self.file.fileno(), self.HEAD, 0))[1:3])

    def times(self, side):
        """Of as many turns as were asked for, without the first two."""
        raw = os.pread(self.file.fileno(), 8 * self.args.pairs, self.HEAD + 8 * (self.MOST * side + 2))
        return struct.unpack("%dQ" % self.args.pairs, raw)


def sides(args, file, turns=None):
    """How to start both."""
    headroom = lambda: Headroom(args, file, turns=turns)
    llama_bench = lambda: LlamaBench(args, file, turns)
    return {"bench": (headroom, llama_bench),
            "null": (llama_bench, llama_bench),
            "profiler": (lambda: Headroom(args, file, profiler=True), headroom),
            "real": (headroom, lambda: Headroom(args, args.real, turns=turns))}[args.what]


def round_by_stopping(args, file):
    """The ratio of two processes that are stopped in turn."""
    started = []
    try:
        for make in sides(args, file):
            started.append(make())
            started[-1].go_on(WARM_UP)
        taken = {side: [] for side in started}
        for pair in range(args.pairs):
            for side in started if pair % 2 else reversed(started):
                taken[side].append(side.go_on(side.dropped + 1) + side.dropped)
        # samples are equally long in tokens (prompts) or in time
        mean = statistics.harmonic_mean if args.test == "pp" else statistics.mean
        first, second = (mean([side.rates()[sample] for sample in taken[side]]) for side in started)
        return first / second
    finally:
        for side in started:
            side.end()


def round_by_calls(args, file, shim):
    """The ratio of two processes that hand over to each other."""
    turns = Turns(args, shim)
    started = []
    try:
        for make in sides(args, file, turns):
            started.append(make())
        while turns.taken() < args.pairs + 2:
            for side in started:
                side.check()
            time.sleep(0.5)
    finally:
        for side in started:
            side.end()
    return sum(turns.times(1)) / sum(turns.times(0))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["bench", "null", "profiler", "real"])
    parser.add_argument("--llama", required=True)
    parser.add_argument("--llama-bench")
    parser.add_argument("--model", required=True)
    parser.add_argument("--real")
    parser.add_argument("--test", choices=["pp", "tg"], required=True)
    parser.add_argument("--depth", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--time", default="500ms", help="of an iteration of Headroom, where sides are stopped")
    parser.add_argument("--tokens", type=int, default=32, help="of a turn; 128 by a whole number")
    parser.add_argument("--skip", type=int, default=8, help="repetitions before the first turn, unless sides are stopped")
    parser.add_argument("--pairs", type=int, default=250, help="of turns, in a round")
    parser.add_argument("--rounds", type=int, default=7, help="with fresh processes each")
    args = parser.parse_args()
    made = subprocess.run(["java", "-jar", JAR, "model", "make", args.model, "--json"], check=True, capture_output=True)
    file = list(json.loads(made.stdout).values())[0]
    label = "%s %s %s depth %d threads %d" % (args.what, args.model, args.test, args.depth, args.threads)
    with tempfile.TemporaryDirectory() as folder:
        shim = os.path.join(folder, "turns.so")
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", shim, os.path.join(ROOT, "src/test/c/turns.c"), "-ldl"],
                       check=True)
        ratios = []
        for _ in range(args.rounds):
            by_calls = args.what != "profiler" and (args.test == "tg" or args.depth == 0)
            ratios.append(round_by_calls(args, file, shim) if by_calls else round_by_stopping(args, file))
            print("%s: round %.4f" % (label, ratios[-1]), flush=True)
    print("%s: median %.4f of %d rounds of %d pairs, from %.4f to %.4f" % (
        label, statistics.median(ratios), args.rounds, args.pairs, min(ratios), max(ratios)))


if __name__ == "__main__":
    sys.exit(main())
