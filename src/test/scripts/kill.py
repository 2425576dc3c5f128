#!/usr/bin/env python3
"""Kills a run with its process group at random moments, and resumes it until it is complete.

After each kill the journal must be readable, except for a torn last line. Its earlier lines must be unchanged, and every
other file must be absent or complete. At the end the run must have the same cells as an undisturbed run, and each fork
once. Needs the jar, Linux or macOS, and python3.

  kill.py [--kills 100] [--seed 1] [--longest 12] [--short]
"""
import argparse
import csv
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
JAR = os.path.join(ROOT, "target", "headroom.jar")
LONG = ["--benchmark", "TokenGen|ModelLoad|ContextC|NativeCall", "--context", "64,128"]
SHORT = ["--benchmark", "TokenGen|NativeCall", "--context", "64"]
PLAN = ["--model", "synthetic-stories-15m-q8_0", "--forks", "2", "--warmup", "0", "--iterations", "2", "--time",
        "100ms"]


def forks(folder):
    """The complete lines of the journal: those after the first as (cell, fork), and the text of all."""
    path = os.path.join(folder, "journal.jsonl")
    if not os.path.exists(path):
        return [], []
    lines = open(path, "rb").read().split(b"\n")[:-1]
    parsed = [json.loads(line) for line in lines]
    return [(fork["cell"], fork["fork"]) for fork in parsed[1:]], lines


def check_files(folder):
    for name in ("run.json", "jmh.json"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            json.load(open(path, encoding="utf-8"))
    for name in ("cells.csv", "iterations.csv"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            rows = list(csv.reader(open(path, newline="", encoding="utf-8")))
            assert len({len(row) for row in rows}) == 1, "%s is torn" % path


def only_run(out):
    runs = glob.glob(os.path.join(out, "*"))
    assert len(runs) <= 1, runs
    return runs[0] if runs else None


def statuses(folder):
    run = json.load(open(os.path.join(folder, "run.json"), encoding="utf-8"))
    assert run["ended"]
    return {cell["id"]: cell["status"] for cell in run["cells"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=12, help="maximum seconds until a kill")
    parser.add_argument("--short", action="store_true", help="two cells instead of six")
    args = parser.parse_args()
    moments = random.Random(args.seed)
    work = tempfile.mkdtemp(prefix="headroom-kill-")
    run = ["java", "-Djava.io.tmpdir=" + work, "-jar", JAR, "run"]
    plan = PLAN + (SHORT if args.short else LONG)
    out = os.path.join(work, "undisturbed")
    subprocess.run(run + plan + ["--out", out], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    expected = statuses(only_run(out))

    kills = torn = begun = finished = 0
    while kills < args.kills:
        begun += 1
        out = os.path.join(work, "killed-%d" % begun)
        seen = []
        while True:
            folder = only_run(out) if os.path.isdir(out) else None
            if folder and not seen and not forks(folder)[1]:
                shutil.rmtree(folder)  # killed before the journal began: such a run cannot be resumed
                folder = None
            command = run + (["--resume", folder] if folder else plan + ["--out", out])
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                       start_new_session=True)
            try:
                _, errors = process.communicate(timeout=moments.uniform(0, args.longest) if kills < args.kills else None)
                assert process.returncode == 0, errors.decode()
                break
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                kills += 1
            folder = only_run(out) if os.path.isdir(out) else None
            if folder:
                check_files(folder)
                done, lines = forks(folder)
                assert lines[:len(seen)] == seen, "the journal has lost or changed a line"
                text = open(os.path.join(folder, "journal.jsonl"), "rb").read() if lines or seen else b""
                torn += not text.endswith(b"\n") and text != b""
                seen = lines
        finished += 1
        folder = only_run(out)
        check_files(folder)
        done, _ = forks(folder)
        assert len(done) == len(set(done)) == 2 * len(expected), done
        assert statuses(folder) == expected, statuses(folder)
    print("%d kills in %d runs: all ended with the same %d cells, no fork lost or measured twice; torn lines: %d"
          % (kills, finished, len(expected), torn))
    shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
