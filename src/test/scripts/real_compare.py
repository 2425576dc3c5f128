#!/usr/bin/env python3
"""Measures how often headroom compare is right, with real runs and a known difference.

Each run has two equal environments with interleaved forks. The second one gets a known change:
  aa         none
  memory     more memory
  slowdown   a busy loop before each token, for a multiple of the minimum detectable difference. That is measured first,
             by comparing A with A.
Needs the jar, Linux, gcc and python3. For slowdown the machine must be idle.

  real_compare.py aa|memory|slowdown [--comparisons 30] [--forks 5] [--mib 64] [--times 2]
"""
import argparse
import glob
import json
import math
import os
import shutil
import statistics
import subprocess
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
JAR = os.path.join(ROOT, "target", "headroom.jar")


def headroom(cwd, *arguments):
    command = ["java", f"-Djava.io.tmpdir={cwd}", "-jar", JAR, *arguments]
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def loaded_llama(folder):
    """Links the packaged llama.cpp behind a library that adds the load."""
    real = glob.glob(os.path.join(ROOT, "natives/vulkan/node_modules/@node-llama-cpp/linux-*/bins/*/libllama.*.so"))[0]
    llama = os.path.join(folder, "llama")
    os.makedirs(os.path.join(llama, "real"))
    for library in glob.glob(os.path.join(os.path.dirname(real), "libggml*.so")):
        os.symlink(library, os.path.join(llama, os.path.basename(library)))
    inner = shutil.copy(real, os.path.join(llama, "real"))
    subprocess.run(
        ["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", os.path.join(llama, os.path.basename(real)),
         "-Wl,--no-as-needed,--allow-shlib-undefined,-rpath,$ORIGIN/real:$ORIGIN",
         os.path.join(ROOT, "src/test/c/loaded_llama.c"), inner], check=True)
    return llama


def comparisons(folder, llama, name, number, forks, second):
    """Measures and compares repeatedly. Returns the differences of speed, of RAM, and of all metrics."""
    profiles = os.path.join(folder, "profiles", "environments")
    os.makedirs(profiles, exist_ok=True)
    for label, variables in (("a", {}), ("b", second)):
        settings = ",".join(["env", *(f"{key}={value}" for key, value in variables.items())])
        with open(os.path.join(profiles, f"{name}-{label}.properties"), "w") as file:
            file.write(f"kind=command\nprefix={settings}\n")
    speed, memory, all_metrics = [], [], []
    for _ in range(number):
        out = tempfile.mkdtemp(dir=folder)
        headroom(folder, "run", "--environment", f"{name}-a,{name}-b", "--llama", llama, "--model",
                 "synthetic-stories-15m-q8_0", "--benchmark", "TokenGeneration", "--context", "64", "--param", "threads=1",
                 "--forks", str(forks), "--warmup", "1", "--iterations", "5", "--time", "200ms", "--out", out, "--quiet")
        comparison = json.loads(headroom(folder, "compare", "--json", "--baseline", f"{name}-a", glob.glob(out + "/*")[0]))
        headline = {d["measure"]["name"]: d for d in comparison["differences"] if d["headline"]}
        speed.append(headline.pop("score"))
        memory.append(*headline.values())
        all_metrics.append(comparison["differences"])
    return speed, memory, all_metrics


def found(difference):
    return difference["verdict"] in ("better", "worse")


def report(what, differences):
    """Prints how many differences were found, and how many unadjusted 95 % intervals exclude 0."""
    worse = sum(d["verdict"] == "worse" for d in differences)
    better = sum(d["verdict"] == "better" for d in differences)
    plain = sum(not d["interval95"]["low"] <= 0 <= d["interval95"]["high"] for d in differences)
    detectable = statistics.median(d["smallest"] for d in differences)
    percent = statistics.median(d["smallestPercent"] for d in differences)
    difference = statistics.median(d["difference"] for d in differences)
    print(f"{what}: {len(differences)} comparisons, {worse} worse, {better} better; unadjusted 95 % intervals "
          f"without 0: {plain}; median difference {difference:.4g}, detectable {detectable:.4g} ({percent:.3g} %)", flush=True)


def report_false(all_metrics):
    """Prints the false verdicts of comparing A with A: all differences found there are false."""
    false = [[d["measure"]["name"] for d in metrics if found(d)] for metrics in all_metrics]
    judged = statistics.median(sum(d["verdict"] != "incomparable" for d in metrics) for metrics in all_metrics)
    print(f"all {judged:.0f} metrics, A with A: {sum(map(bool, false))} of {len(false)} comparisons with a false "
          f"verdict {[names for names in false if names] or ''}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["aa", "memory", "slowdown"])
    parser.add_argument("--comparisons", type=int, default=30)
    parser.add_argument("--forks", type=int, default=5)
    parser.add_argument("--mib", type=int, default=64)
    parser.add_argument("--times", type=float, default=2)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="headroom-real-")
    try:
        llama = loaded_llama(folder)
        name = json.loads(headroom(folder, "environment", "--json"))["name"]
        second = {"INJECT_MIB": options.mib} if options.what == "memory" else {}
        speed, memory, metrics = comparisons(folder, llama, name, options.comparisons, options.forks, second)
        report("speed, A with A", speed)
        report(f"RAM, {options.mib} MiB more" if second else "RAM, A with A", memory)
        if not second:
            report_false(metrics)
        if options.what == "slowdown":
            # multiply the logarithm, as speeds are compared as ratios
            slower = math.exp(options.times * statistics.median(math.log1p(d["smallestPercent"] / 100) for d in speed))
            token = statistics.median(1e6 / d["baseline"] for d in speed)
            busy = round(token * (slower - 1))
            speed, memory, _ = comparisons(folder, llama, name, options.comparisons, options.forks, {"BUSY_US": busy})
            report(f"speed, {busy} us a token of {token:.0f} ({100 * (1 / slower - 1):.3g} %)", speed)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
