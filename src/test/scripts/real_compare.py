#!/usr/bin/env python3
"""Makes real runs whose difference is known and compares each: two environments that are one, fork by fork in turns, and
in the second one nothing (aa), some memory (memory) or a busy loop before each token (slowdown, at a multiple of what A
against A said it can see, which is measured first). Says how often headroom compare was right. Needs the jar, Linux, gcc
and python3; for slowdown an idle machine.

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
    """The packaged llama.cpp with the stand-in in front of it."""
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
    """Measures and compares again and again; what each comparison told of speed, of RAM, and of everything."""
    profiles = os.path.join(folder, "profiles", "environments")
    os.makedirs(profiles, exist_ok=True)
    for label, variables in (("a", {}), ("b", second)):
        settings = ",".join(["env", *(f"{key}={value}" for key, value in variables.items())])
        with open(os.path.join(profiles, f"{name}-{label}.properties"), "w") as file:
            file.write(f"kind=command\nprefix={settings}\n")
    speed, memory, all_figures = [], [], []
    for _ in range(number):
        out = tempfile.mkdtemp(dir=folder)
        headroom(folder, "run", "--environment", f"{name}-a,{name}-b", "--llama", llama, "--model",
                 "synthetic-stories-15m-q8_0", "--benchmark", "TokenGeneration", "--context", "64", "--param", "threads=1",
                 "--forks", str(forks), "--warmup", "1", "--iterations", "5", "--time", "200ms", "--out", out, "--quiet")
        told = json.loads(headroom(folder, "compare", "--json", "--baseline", f"{name}-a", glob.glob(out + "/*")[0]))
        headline = {d["measure"]["name"]: d for d in told["differences"] if d["headline"]}
        speed.append(headline.pop("score"))
        memory.append(*headline.values())
        all_figures.append(told["differences"])
    return speed, memory, all_figures


def found(difference):
    return difference["verdict"] in ("better", "worse")


def tell(what, differences):
    """How many were found, and how many of the plain 95 % intervals leave out 0."""
    worse = sum(d["verdict"] == "worse" for d in differences)
    better = sum(d["verdict"] == "better" for d in differences)
    plain = sum(not d["interval95"]["low"] <= 0 <= d["interval95"]["high"] for d in differences)
    sees = statistics.median(d["smallest"] for d in differences)
    percent = statistics.median(d["smallestPercent"] for d in differences)
    seen = statistics.median(d["difference"] for d in differences)
    print(f"{what}: {len(differences)} comparisons, {worse} worse, {better} better; plain 95 % intervals without 0: "
          f"{plain}; median difference {seen:.4g}, sees from {sees:.4g} ({percent:.3g} %)", flush=True)


def tell_false(all_figures):
    """For A against A, in which every difference that is found is false."""
    false = [[d["measure"]["name"] for d in figures if found(d)] for figures in all_figures]
    judged = statistics.median(sum(d["verdict"] != "incomparable" for d in figures) for figures in all_figures)
    print(f"all {judged:.0f} figures, A against A: {sum(map(bool, false))} of {len(false)} comparisons with a false "
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
        speed, memory, figures = comparisons(folder, llama, name, options.comparisons, options.forks, second)
        tell("speed, A against A", speed)
        tell(f"RAM, {options.mib} MiB more" if second else "RAM, A against A", memory)
        if not second:
            tell_false(figures)
        if options.what == "slowdown":
            # speeds are compared as ratios: a token takes as many times longer as the multiple of the logarithm says
            slower = math.exp(options.times * statistics.median(math.log1p(d["smallestPercent"] / 100) for d in speed))
            token = statistics.median(1e6 / d["baseline"] for d in speed)
            busy = round(token * (slower - 1))
            speed, memory, _ = comparisons(folder, llama, name, options.comparisons, options.forks, {"BUSY_US": busy})
            tell(f"speed, {busy} us a token of {token:.0f} ({100 * (1 / slower - 1):.3g} %)", speed)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
