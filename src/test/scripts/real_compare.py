#!/usr/bin/env python3
"""Compares real runs whose difference is known: two environments that are one, fork by fork in turns, and in the second
one nothing (aa), some memory (memory) or a busy loop before each token (slowdown, at a multiple of what A against A says
it can see). Says how often headroom compare was right. Needs the jar, Linux, gcc and python3; an idle machine.

  real_compare.py aa|memory|slowdown [--cells 30] [--forks 5] [--mib 64] [--times 2]
"""
import argparse
import glob
import json
import os
import shutil
import statistics
import subprocess
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
JAR = os.path.join(ROOT, "target", "headroom.jar")


def headroom(cwd, *arguments):
    return subprocess.run(["java", "-jar", JAR, *arguments], cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


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


def comparison(folder, llama, name, cells, forks, second):
    """Measures and compares; the differences of speed, and those of RAM."""
    profiles = os.path.join(folder, "profiles", "environments")
    os.makedirs(profiles, exist_ok=True)
    for label, variables in (("a", {}), ("b", second)):
        settings = ",".join(["env", *(f"{key}={value}" for key, value in variables.items())])
        with open(os.path.join(profiles, f"{name}-{label}.properties"), "w") as file:
            file.write(f"kind=command\nprefix={settings}\n")
    contexts = ",".join(str(16 * (i + 1)) for i in range(cells))
    out = tempfile.mkdtemp(dir=folder)
    headroom(folder, "run", "--environment", f"{name}-a,{name}-b", "--llama", llama, "--model",
             "synthetic-stories-15m-q8_0", "--benchmark", "TokenGeneration", "--context", contexts, "--forks", str(forks),
             "--warmup", "1", "--iterations", "3", "--time", "200ms", "--out", out, "--quiet")
    told = json.loads(headroom(folder, "compare", "--json", "--baseline", f"{name}-a", glob.glob(out + "/*")[0]))
    speed = [d for d in told["differences"] if d["headline"] and d["measure"]["name"] == "score"]
    memory = [d for d in told["differences"] if d["headline"] and d["measure"]["name"] != "score"]
    assert len(speed) == cells and len(memory) == cells, (len(speed), len(memory), told["incomparable"])
    return speed, memory


def tell(what, differences, expected):
    """How many were found as expected, how many otherwise, and how many of the plain 95 % intervals leave out 0."""
    right = sum(d["verdict"] == expected for d in differences)
    found = sum(d["verdict"] in ("better", "worse") for d in differences)
    plain = sum(not d["interval95"]["low"] <= 0 <= d["interval95"]["high"] for d in differences)
    sees = statistics.median(d["smallest"] for d in differences)
    percent = statistics.median(d["smallestPercent"] for d in differences)
    seen = statistics.median(d["difference"] for d in differences)
    print(f"{what}: {len(differences)} cells, {found} found, {right} of them {expected}; plain 95 % intervals without 0: "
          f"{plain}; median difference {seen:.4g}, sees from {sees:.4g} ({percent:.3g} %)", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["aa", "memory", "slowdown"])
    parser.add_argument("--cells", type=int, default=30)
    parser.add_argument("--forks", type=int, default=5)
    parser.add_argument("--mib", type=int, default=64)
    parser.add_argument("--times", type=float, default=2)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="headroom-real-")
    try:
        llama = loaded_llama(folder)
        name = json.loads(headroom(folder, "environment", "--json"))["name"]
        second = {"INJECT_MIB": options.mib} if options.what == "memory" else {}
        speed, memory = comparison(folder, llama, name, options.cells, options.forks, second)
        tell("speed, A against A", speed, "worse")
        tell(f"RAM, {options.mib} MiB more" if second else "RAM, A against A", memory, "worse")
        if options.what == "slowdown":
            # what a token takes longer so that tokens/s fall by the percentage
            part = options.times * statistics.median(d["smallestPercent"] for d in speed) / 100
            token = statistics.median(1e6 / d["baseline"] for d in speed)
            busy = round(token * part / (1 - part))
            speed, memory = comparison(folder, llama, name, options.cells, options.forks, {"BUSY_US": busy})
            tell(f"speed, {100 * part:.3g} % ({busy} us a token of {token:.0f}) slower", speed, "worse")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
