#!/usr/bin/env python3
"""Measures ratios of token rates: Headroom to llama-bench, with to without profiler, synthetic to real model.

Two processes take turns. The speed of a shared machine drifts within seconds, so short turns let both sides drift
alike. A round has two fresh processes. Its ratio is that of their token rates over all turns. The output has all
rounds and their median.

- For llama-bench and a real model, src/test/c/turns.c is loaded into both processes. It makes them take turns of
  --tokens tokens or of one prompt, and times them at the same place. Turns start where llama-bench's repetitions
  start, so both sides have the same number of tokens in the context.
- The profiler is on in half of the iterations of one process: off, on, on, off. Two processes would differ by a few
  percent, as each gets other memory pages. A pair is two such iterations.

docs/benchmarks.md has the commands and the results. It needs an idle machine with Linux and gcc.

  fidelity.py bench    --llama DIR --llama-bench FILE --model SYNTHETIC --test tg --depth 0
  fidelity.py null     --llama DIR --llama-bench FILE --model SYNTHETIC --test tg     compares llama-bench with itself
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
TEST_CLASSES = os.path.join(ROOT, "target", "test-classes")
BENCHMARKS = {"pp": "PromptProcessing", "tg": "TokenGeneration"}
FOREVER = "100000"
CYCLE = 128  # tokens that both sides generate before they return to the depth
UBATCH = 512  # tokens computed at once


class Side:
    """A measuring process in its own process group, with its output."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        start_new_session=True, env=dict(os.environ, **environment))
        self.lines = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def check(self):
        if self.process.poll() is not None:
            sys.exit("A process ended early: " + "".join(self.lines))

    def end(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def jmh(args, file, *options):
    """JMH's command line. Both sides may be JMH: they take turns, so JMH's lock is not needed."""
    return ["java", "-Djmh.ignoreLock=true", "-cp", JAR + ":" + TEST_CLASSES, "dev.headroom.cli.Headroom", "jmh",
            BENCHMARKS[args.test] + r"\.", "-f", "1", "-wi", "1", "-w", "2s", "-to", FOREVER + "s", "-p", "model=m",
            "-p", "contextLength=%d" % args.depth, "-p", "threads=%d" % args.threads, "-p", "outputs=" + args.outputs,
            "-jvmArgsPrepend", "-Dllama.home=%s -Dheadroom.model.path=%s" % (args.llama, file), *options]


def llama_bench(args, file, environment):
    return Side([args.llama_bench, "-m", file, "-t", str(args.threads), "-r", FOREVER, "-d", str(args.depth),
                 "-p", "512" if args.test == "pp" else "0", "-n", str(CYCLE) if args.test == "tg" else "0"], environment)


class Turns:
    """The file that src/test/c/turns.c and this script share."""
    HEAD, MAX_TURNS = 16, 1 << 16

    def __init__(self, args, shim):
        self.args, self.shim = args, shim
        self.file = tempfile.NamedTemporaryFile()
        self.file.truncate(self.HEAD + 2 * 8 * self.MAX_TURNS)
        self.sides = 0

    def environment(self, warm_up):
        """The environment of the next side. It skips a warm-up, the prompt for the depth, and --skip repetitions."""
        self.sides += 1
        skip = warm_up + -(-self.args.depth // UBATCH) + (CYCLE if self.args.test == "tg" else 1) * self.args.skip
        return dict(LD_PRELOAD=self.shim, TURNS_FILE=self.file.name, TURNS_SIDE=str(self.sides - 1),
                    TURNS_CALLS=str(self.args.tokens if self.args.test == "tg" else 1), TURNS_SKIP=str(skip),
                    TURNS_LIBRARY=glob.glob(os.path.join(self.args.llama, "libggml-base*.so"))[0])

    def taken(self):
        """The number of turns that both sides have finished."""
        return min(struct.unpack("4I", os.pread(self.file.fileno(), self.HEAD, 0))[1:3])

    def times(self, side):
        """The times of --pairs turns, without the first two."""
        raw = os.pread(self.file.fileno(), 8 * self.args.pairs, self.HEAD + 8 * (self.MAX_TURNS * side + 2))
        return struct.unpack("%dQ" % self.args.pairs, raw)


def round_of_the_profiler(args, file):
    """The ratio of iterations with the profiler to those without, in one process."""
    profiler = "dev.headroom.profiler.HalfOfTheIterations:" + args.interval
    command = jmh(args, file, "-i", str(2 * args.pairs), "-r", args.time, "-prof", profiler)
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rates = {True: [], False: []}
    for number, rate in re.findall(r"^Iteration +(\d+): ([0-9.]+)", output, re.MULTILINE):
        rates[int(number) % 4 in (1, 2)].append(float(rate))
    return sum(rates[True]) / sum(rates[False])


def round_of_turns(args, file, shim):
    """The ratio of two processes that take turns."""
    turns = Turns(args, shim)
    ours = lambda model: Side(jmh(args, model, "-i", "1", "-r", FOREVER + "s"), turns.environment(0))
    theirs = lambda: llama_bench(args, file, turns.environment(1))  # its warm-up is one call
    sides = []
    try:
        sides.append(theirs() if args.what == "null" else ours(file))
        sides.append(ours(args.real) if args.what == "real" else theirs())
        while turns.taken() < args.pairs + 2:
            for side in sides:
                side.check()
            time.sleep(0.5)
    finally:
        for side in sides:
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
    parser.add_argument("--outputs", default="batch", help="outputs of Headroom's contexts; llama-bench has batch")
    parser.add_argument("--time", default="1s", help="time of an iteration, for the profiler")
    parser.add_argument("--interval", default="", help="interval=16ms: sampling interval of the profiler; default: by cost")
    parser.add_argument("--tokens", type=int, default=32, help="tokens in a turn; must divide 128")
    parser.add_argument("--skip", type=int, default=8, help="repetitions before the first turn")
    parser.add_argument("--pairs", type=int, default=250, help="pairs of turns in a round")
    parser.add_argument("--rounds", type=int, default=7, help="rounds, each with fresh processes")
    args = parser.parse_args()
    made = subprocess.run(["java", "-jar", JAR, "model", "make", args.model, "--json"], check=True, capture_output=True)
    file = list(json.loads(made.stdout).values())[0]
    label = "%s %s %s depth %d threads %d outputs %s" % (
        args.what, args.model, args.test, args.depth, args.threads, args.outputs)
    with tempfile.TemporaryDirectory() as folder:
        shim = os.path.join(folder, "turns.so")
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", shim, os.path.join(ROOT, "src/test/c/turns.c"), "-ldl"],
                       check=True)
        ratios = []
        for _ in range(args.rounds):
            ratios.append(
                round_of_the_profiler(args, file) if args.what == "profiler" else round_of_turns(args, file, shim))
            print("%s: round %.4f" % (label, ratios[-1]), flush=True)
    print("%s: median %.4f of %d rounds of %d pairs, from %.4f to %.4f" % (
        label, statistics.median(ratios), args.rounds, args.pairs, min(ratios), max(ratios)))


if __name__ == "__main__":
    sys.exit(main())
