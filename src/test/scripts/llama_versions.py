#!/usr/bin/env python3
"""Runs Headroom with the releases of llama.cpp from npm, and checks the table in docs/llama-versions.md.

    src/test/scripts/llama_versions.py [VERSION...]    versions of @node-llama-cpp/linux-x64; all by default

It downloads each version to target/llamas (30 MB each), runs every benchmark of the quick plan once with a small
model, and prints the row of the table. The exit code is 1 if the page has another row. It needs target/headroom.jar,
npm and tar, and half a minute for each version on two cores.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE = "@node-llama-cpp/linux-x64"
LLAMAS = ROOT / "target" / "llamas"
QUICK = ["--model", "synthetic-stories-15m-q8_0", "--context", "256", "--time", "100ms", "--iterations", "1",
         "--warmup", "1"]


def versions():
    listed = json.loads(subprocess.check_output(["npm", "view", PACKAGE, "versions", "--json"]))
    return sorted(listed, key=lambda version: [int(part) for part in version.split(".")])


def unpacked(version):
    directory = LLAMAS / version
    if not directory.exists():
        LLAMAS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=LLAMAS) as work:
            subprocess.check_call(["npm", "pack", "--silent", f"{PACKAGE}@{version}"], cwd=work,
                                  stdout=subprocess.DEVNULL)
            archive, = pathlib.Path(work).glob("*.tgz")
            subprocess.check_call(["tar", "-xzf", archive, "-C", work])
            shutil.move(next(pathlib.Path(work, "package", "bins").iterdir()), directory)
    return directory


def row(version):
    directory = unpacked(version)
    release = json.loads((directory / "_nlcBuildMetadata.json").read_text())["buildOptions"]["llamaCpp"]["release"]
    with tempfile.TemporaryDirectory() as out:
        run = subprocess.run(
            ["java", f"-Djava.io.tmpdir={out}", "-jar", ROOT / "target" / "headroom.jar", "run", "--llama", directory,
             "--out", out, *QUICK],
            capture_output=True, text=True)
        if run.returncode == 2:
            print(run.stderr.strip().splitlines()[-1], file=sys.stderr)
            return f"| {version} | {release} | refused | | |"
        results = [json.loads(path.read_text()) for path in pathlib.Path(out).glob("*/run.json")]
        cells = results[0]["cells"] if results else []
        failed = [cell for cell in cells if cell["status"] != "ok"]
        if run.returncode != 0 or failed or len(cells) != 7 or results[0]["llama"]["version"] != release:
            sys.exit(f"{version}: exit code {run.returncode}\n{run.stdout}\n{run.stderr}")
        flash_attention, = {cell["observed"]["flashAttention"] for cell in cells
                            if (cell.get("observed") or {}).get("flashAttention") is not None}
        parts = [part for cell in cells if cell.get("prediction") for part in cell["prediction"]["parts"]]
        if "were predicted" in run.stdout + run.stderr:
            sys.exit(f"{version}: a prediction was wrong\n{run.stdout}\n{run.stderr}")
        predicted = "all" if "compute" in {part["kind"] for part in parts} else "weights, KV cache"
        return f"| {version} | {release} | supported | {'on' if flash_attention else 'off'} | {predicted} |"


def main():
    document = (ROOT / "docs" / "llama-versions.md").read_text().splitlines()
    wrong = 0
    for version in sys.argv[1:] or versions():
        measured = row(version)
        found = measured in document
        wrong += not found
        print(measured if found else f"{measured}    <- not in docs/llama-versions.md", flush=True)
    sys.exit(1 if wrong else 0)


main()
