#!/usr/bin/env python3
"""Checks a run folder without Headroom's code: every cell is measured, and the files agree with each other.

  check_run.py RUN [METER [BENCHMARK,...]]

METER must be exact for the host's RAM, by default linux.hwm. By default the run has all seven benchmarks.
"""
import csv
import json
import os
import sys

folder = sys.argv[1]
meter = sys.argv[2] if len(sys.argv) > 2 else "linux.hwm"
benchmarks = sys.argv[3].split(",") if len(sys.argv) > 3 else [
    "PromptProcessing", "TokenGeneration", "TokenLatency", "TimeToFirstToken", "ModelLoad", "ContextCreation", "NativeCall"]


def table(name):
    with open(os.path.join(folder, name), newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


run = json.load(open(os.path.join(folder, "run.json"), encoding="utf-8"))
jmh = json.load(open(os.path.join(folder, "jmh.json"), encoding="utf-8"))
cells, iterations = table("cells.csv"), table("iterations.csv")
observed = {c["id"]: (c.get("observed") or {"buffers": []})["buffers"] for c in run["cells"]}
journal = [json.loads(line) for line in open(os.path.join(folder, "journal.jsonl"), encoding="utf-8")]

assert run["ended"], "the run has no end"
assert len(run["cells"]) == len(jmh) == len(cells) > 0, "files have different cells"
assert {c["benchmark"] for c in cells} == set(benchmarks), "a benchmark is missing"
assert {v["verdict"] for v in run["proof"]["verdicts"] if v["meter"] == meter and v["place"] == "host"} == {"exact"}, run["proof"]["verdicts"]
assert len(journal) == 1 + sum(int(c["forks"]) for c in cells), "the journal lacks a fork"
for cell, merged in zip(cells, jmh):
    assert cell["status"] == "ok", "%s: %s %s" % (cell["cell"], cell["status"], cell["reason"])
    assert float(cell["score"]) > 0, cell["cell"]
    assert 20 < float(cell["ram_peak_mib"]) < 20000, cell["cell"]
    assert abs(merged["primaryMetric"]["score"] / float(cell["score"]) - 1) < 1e-3, cell["cell"]
    rows = [i for i in iterations if i["cell"] == cell["cell"]]
    assert len(rows) == int(cell["forks"]) * int(cell["iterations"]), cell["cell"]
    assert max(float(i["ram_peak_mib"]) for i in rows) == float(cell["ram_peak_mib"]), cell["cell"]
    if cell["benchmark"] != "NativeCall":
        parts = [float(cell["waterfall_ram_%s_mib" % part]) for part in
                 ("java", "backend", "weights", "kv", "compute", "output", "residual")]
        assert abs(sum(parts) - float(cell["ram_peak_mib"])) < 0.01, "%s: %s" % (cell["cell"], parts)
        predicted = cell["predicted_model_mib"]  # the copies of weights for AMX have no prediction
        amx = predicted == "" and any(buffer["device"] == "AMX" for buffer in observed[cell["cell"]])
        assert amx or abs(float(predicted) - float(cell["buffers_model_mib"])) < 0.1, cell["cell"]
    if not os.path.exists("/dev/nvidiactl"):
        assert cell["vram_peak_mib"] == "", "VRAM without a card"
print("%s: %d cells, %d iterations, all measured" % (folder, len(cells), len(iterations)))
