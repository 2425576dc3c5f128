#!/usr/bin/env python3
"""Measures how long compare takes for many runs, by default 1,000.

Copies one measured run, the template. Each copy has the given number of cells, made from the template's cells with
longer and longer contexts. Each cell has five forks with all metrics, and their values vary by 1 %. The copies alternate
between two environments. They lie in a temporary folder, which is removed at the end.

    java -jar target/headroom.jar run --model synthetic-stories-15m-q8_0 --context 64 --forks 2 --iterations 2 --time 200ms
    src/test/scripts/thousand.py results/*-quick
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

FORKS = 5
ENVIRONMENTS = ["native-linux", "wsl2"]


def cells(template, number):
    """Copies the template's cells with a different context length each."""
    measured = [cell for cell in template["cells"] if cell["status"] == "ok" and cell["samples"]]
    for i in range(number):
        cell = json.loads(json.dumps(measured[i % len(measured)]))
        cell["params"]["contextLength"] = str(512 + 64 * (i // len(measured)))
        cell["id"] = f"{cell['benchmark']}-{cell['params']['contextLength']}"
        yield cell


def varied(value, dice):
    return value * (1 + dice.gauss(0, 0.01))


def samples(cell, dice):
    first = cell["samples"][0]
    return [
        {
            **first,
            "fork": fork + 1,
            "score": varied(first["score"], dice),
            "metrics": {label: varied(value, dice) for label, value in first["metrics"].items()},
        }
        for fork in range(FORKS)
    ]


def write(folder, template, number, runs):
    all_cells = list(cells(template, number))
    size = 0
    for i in range(runs):
        dice = random.Random(i)
        environment = ENVIRONMENTS[i % len(ENVIRONMENTS)]
        run = dict(template, id=f"run-{i:04d}", cells=all_cells, places={})
        for cell in all_cells:
            cell["samples"] = samples(cell, dice)
            cell["params"]["environment"] = environment
        path = folder / run["id"]
        path.mkdir()
        text = json.dumps(run, indent=2, ensure_ascii=False)
        (path / "run.json").write_text(text, encoding="utf-8")
        size += len(text.encode())
    return size


def compare(jar, folder, heap, by):
    """Returns exit code, seconds, peak resident memory in MiB, and CPU seconds."""
    command = ["java", f"-Xmx{heap}", "-jar", str(jar), "compare", "--json", "--by", by]
    command += [str(run) for run in sorted(folder.iterdir())]
    began = time.monotonic()
    pid = os.posix_spawnp(
        "java", command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    )
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), time.monotonic() - began, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("template", type=pathlib.Path, help="run folder")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--heap", default="1g")
    parser.add_argument("--by", default="environment")
    parser.add_argument("--jar", type=pathlib.Path, default=pathlib.Path("target/headroom.jar"))
    parser.add_argument("--keep", type=pathlib.Path, help="use this folder, with the runs in it if there are any, and keep it")
    options = parser.parse_args()

    template = json.loads((options.template / "run.json").read_text(encoding="utf-8"))
    folder = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="headroom-thousand"))
    try:
        folder.mkdir(exist_ok=True)
        if not any(folder.iterdir()):
            size = write(folder, template, options.cells, options.runs)
            print(f"{options.runs} runs of {options.cells} cells, {size / 1e6:.0f} MB")
        for _ in range(options.times):
            code, seconds, resident, cpu = compare(options.jar, folder, options.heap, options.by)
            print(f"{seconds:.1f} s, {cpu:.1f} s of CPU, {resident:.0f} MiB resident, exit code {code}", flush=True)
            if code:
                sys.exit(1)
    finally:
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
