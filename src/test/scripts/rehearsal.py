#!/usr/bin/env python3
"""The rehearsal: the article's comparison on a card whose truth is known.

A Vulkan layer turns software Vulkan into a card, a scripted NVML reads its memory, and bwrap plays three environments:
native-linux, wsl2 and native-linux-wddm, which stands for Windows. Each variant runs headroom run and headroom compare,
and checks the verdicts. docs/rehearsal.md describes the scene and the variants.

  rehearsal.py [--variant NAME]... [--short] [--list] [--jar target/headroom.jar] [--folder target/rehearsal]

Without --variant all variants are played; with --short three of them. Needs Linux, gcc, bwrap as root, libvulkan-dev,
mesa-vulkan-drivers and llama.cpp for Vulkan in natives/. If a part is missing, the script prints which one and plays
nothing.
"""
import argparse
import contextlib
import glob
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
SOURCES = os.path.join(ROOT, "src", "test", "c")
MACHINES = os.path.join(ROOT, "src", "test", "resources", "dev", "headroom", "environment")
DRIVER = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"
HEADERS = "/usr/include/vulkan/vk_layer.h"
CARD_PCI = "0000:0a:00.0"

NATIVE, WSL2, WDDM = "native-linux", "wsl2", "native-linux-wddm"

# The card, in MiB. In native-linux 2048 tokens take 92 % of it.
SIZE = 3300
OTHERS = 400  # 300 reserved by the driver, 100 for the desktop
CONTEXT = 150
TAX = {NATIVE: 0, WSL2: 1000, WDDM: 800}
# What the model needs at 2048 tokens: driver context, weights, KV cache, compute buffers; from llama.cpp's log.
NEED = CONTEXT + 68 + 2304 + 129
LENGTHS = (256, 640, 2048)
LONGEST = LENGTHS[-1]
SUBMIT_US = 1000
OVERHEAD_US = 250  # what llama.cpp and the real driver take for each submission

PLAN = {
    "description": "The article's comparison on the stand-in card",
    "benchmarks": "TokenGeneration,ContextCreation", "contextLength": ",".join(map(str, LENGTHS)),
    "flashAttention": "on", "ubatch": "128", "forks": "2", "warmup": "1", "iterations": "2", "time": "200ms"}

CLAIMS = f"""
wsl2.text=WSL2 takes about 1 GB more VRAM than native Linux
wsl2.environment={WSL2}
wsl2.reference={NATIVE}
wsl2.figure=vram
wsl2.says=about 1000 MiB

windows.text=Native Windows takes about 800 MB more VRAM than native Linux
windows.environment={WDDM}
windows.reference={NATIVE}
windows.figure=vram
windows.says=about 800 MiB

wsl2-decides.text=At {LONGEST} tokens of context the model stays in VRAM on native Linux, but not in WSL2
wsl2-decides.environment={WSL2}
wsl2-decides.reference={NATIVE}
wsl2-decides.says=decides
wsl2-decides.contextLength={LONGEST}

windows-decides.text=At {LONGEST} tokens of context the model stays in VRAM on native Linux, but not on native Windows
windows-decides.environment={WDDM}
windows-decides.reference={NATIVE}
windows-decides.says=decides
windows-decides.contextLength={LONGEST}
"""
CLAIM_NAMES = ("wsl2", "windows", "wsl2-decides", "windows-decides")


class Missing(Exception):
    """A required part is missing, so nothing can be played."""


# ---- the stage: libraries, model, environments ----

def compile_library(target, source, *options):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    subprocess.run(["gcc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=default", *options,
                    "-o", target, os.path.join(SOURCES, source)], check=True)


def build(folder):
    """Builds the layer and the three scripted drivers."""
    compile_library(os.path.join(folder, "layer", "libcard_layer.so"), "card_layer.c", "-fvisibility=hidden")
    with open(os.path.join(folder, "layer", "card.json"), "w") as file:
        json.dump({"file_format_version": "1.1.2", "layer": {
            "name": "VK_LAYER_HEADROOM_card", "type": "GLOBAL", "library_path": "./libcard_layer.so",
            "api_version": "1.3.0", "implementation_version": "1", "description": "A card to test against"}}, file)
    for name, options in ((NATIVE, []), (WSL2, ["-DPROCESS=~0ULL"]), (WDDM, ["-DPROCESS=~0ULL", "-DDRIVER_MODEL=0"])):
        compile_library(os.path.join(folder, "nvml-" + name, "libnvidia-ml.so.1"), "fake_nvml.c", "-DCARD", *options)


def write_model(path, layers=4, embedding=64, heads=256, head_size=256, vocabulary=1024):
    """Writes a model with few layers and a wide KV cache: 1 MiB a token, and 68 MiB of weights in Q8_0."""
    def text(value):
        return struct.pack("<Q", len(value)) + value.encode()

    def metadata():
        yield text("general.architecture") + struct.pack("<I", 8) + text("llama")
        yield text("tokenizer.ggml.model") + struct.pack("<I", 8) + text("no_vocab")
        for key, value in (("vocab_size", vocabulary), ("context_length", 8192), ("embedding_length", embedding),
                           ("block_count", layers), ("feed_forward_length", embedding),
                           ("attention.head_count", heads), ("attention.head_count_kv", heads),
                           ("attention.key_length", head_size), ("attention.value_length", head_size),
                           ("rope.dimension_count", head_size)):
            yield text("llama." + key) + struct.pack("<II", 4, value)
        yield text("llama.attention.layer_norm_rms_epsilon") + struct.pack("<If", 6, 1e-5)

    tensors = [("token_embd", embedding, vocabulary), ("output_norm", embedding), ("output", embedding, vocabulary)]
    for layer in range(layers):
        tensors += [(f"blk.{layer}.{name}", *shape) for name, *shape in (
            ("attn_norm", embedding), ("attn_q", embedding, heads * head_size),
            ("attn_k", embedding, heads * head_size), ("attn_v", embedding, heads * head_size),
            ("attn_output", heads * head_size, embedding),
            ("ffn_norm", embedding), ("ffn_gate", embedding, embedding), ("ffn_up", embedding, embedding),
            ("ffn_down", embedding, embedding))]
    infos, data = [], []
    offset = 0
    for name, *shape in tensors:
        one_block = struct.pack("<f", 1) if len(shape) == 1 else struct.pack("<e", 0.001) + os.urandom(32)
        size = 1 if len(shape) == 1 else 32
        count = shape[0] * (shape[1] if len(shape) == 2 else 1) // size
        infos.append(text(name + ".weight") + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape,
                                                          0 if len(shape) == 1 else 8, offset))
        data.append(one_block * count)
        data.append(b"\0" * (-len(data[-1]) % 32))
        offset += len(data[-2]) + len(data[-1])
    entries = list(metadata())
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries)) + b"".join(entries + infos)
    with open(path, "wb") as file:
        file.write(header + b"\0" * (-len(header) % 32))
        file.writelines(data)


class Card:
    """The state of the card in one environment; src/test/c/card.h describes the files."""

    def __init__(self, folder, **state):
        self.folder = folder
        os.makedirs(folder)
        for name, value in state.items():
            self.set(name, value)
        for name in ("vram", "gtt"):
            self.set(f"mem_info_{name}_used", 0)

    def set(self, name, value):
        """Replaces a file at once, so that no reader sees an empty one."""
        if name.startswith("mem_info"):
            with open(os.path.join(self.folder, name), "w") as file:
                file.write(f"{value:015}\n")
            return
        with open(os.path.join(self.folder, name + ".new"), "w") as file:
            file.write(f"{value}\n")
        os.replace(file.name, os.path.join(self.folder, name))


def over(folder):
    """Options that put an empty folder over a folder, and then its entries back. So more entries can be added."""
    options = ["--tmpfs", folder]
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        if entry.is_symlink():
            options += ["--symlink", os.readlink(entry.path), entry.path]
        else:
            options += ["--dev-bind", entry.path, entry.path]
    return options


def machine_of(kind, driver, folder):
    """Options that play a machine: a PC of Ubuntu, or a distribution in WSL2, from captured files.

    In WSL2 the driver's folder is where WSL2 has it. cpuinfo is written to the other folder.
    """
    captured = os.path.join(MACHINES, "wsl2-stock-kernel" if kind == WSL2 else "ubuntu-metal")
    options = ["--dev-bind", "/", "/", "--tmpfs", "/sys/bus/pci/devices"]
    for file in ("proc/version", "proc/sys/kernel/osrelease",
                 "sys/devices/system/clocksource/clocksource0/available_clocksource"):
        options += ["--ro-bind", os.path.join(captured, file), "/" + file]
    with open("/proc/cpuinfo") as file:
        flags = file.read().replace(" hypervisor", "")
    cpuinfo = os.path.join(folder, "cpuinfo")
    with open(cpuinfo, "w") as file:
        file.write(flags)
    options += ["--ro-bind", cpuinfo, "/proc/cpuinfo"]
    if kind == WSL2:
        return options + over("/usr/lib") + ["--ro-bind", driver, "/usr/lib/wsl/lib"]
    firmware = ["--tmpfs", "/sys/firmware"] if os.path.isdir("/sys/firmware") else []
    return options + firmware + over("/sys/class") + [
        "--ro-bind", os.path.join(captured, "sys/class/dmi/id"), "/sys/class/dmi/id"]


def amd(card):
    """Options that show the card as one of amdgpu, whose files the layer writes into the folder of the state."""
    device = "/sys/bus/pci/devices/" + CARD_PCI
    os.symlink("/sys/bus/pci/drivers/amdgpu", os.path.join(card.folder, "driver"))
    return ["--tmpfs", "/sys/bus/pci/drivers", "--dir", "/sys/bus/pci/drivers/amdgpu", "--bind", card.folder, device,
            "--tmpfs", "/sys/class/drm", "--dir", "/sys/class/drm/renderD128",
            "--symlink", device, "/sys/class/drm/renderD128/device"]


class Environment:
    """One environment: how it is entered, and its card."""

    def __init__(self, scene, name, changes):
        self.name = name
        folder = os.path.join(scene.folder, "cards", name)
        setting = {"others": OTHERS + TAX[name], "context": CONTEXT, "spill": 0, "submit_us": SUBMIT_US, "spill_us": 0,
                   "size": SIZE, "cards": 1, **changes}
        self.others = setting["others"]
        self.prefix = setting.pop("prefix", [])
        meter = setting.pop("meter", "nvml")
        vulkan = setting.pop("vulkan", True)
        self.card = Card(folder, **setting)
        library = os.path.join(scene.stage, "nvml-" + name)
        if meter == "amd":
            library = os.path.join(scene.folder, "no-nvml")
            os.makedirs(library, exist_ok=True)
        enter = ["bwrap", "--die-with-parent", *machine_of(name, library, scene.folder)]
        if meter == "amd":
            enter += (over("/sys/class") if name == WSL2 else []) + amd(self.card)
        variables = {"CARD": folder, "VK_ADD_LAYER_PATH": os.path.join(scene.stage, "layer"),
                     "VK_INSTANCE_LAYERS": "VK_LAYER_HEADROOM_card",
                     "VK_ICD_FILENAMES": scene.drivers(setting["cards"]) if vulkan else "/nonexistent.json"}
        if name != WSL2:
            variables["LD_LIBRARY_PATH"] = library
        for key, value in variables.items():
            enter += ["--setenv", key, value]
        script = os.path.join(scene.folder, f"enter-{name}.sh")
        with open(script, "w") as file:
            words = " ".join("'" + word.replace("'", "'\\''") + "'" for word in [*enter, *self.prefix])
            file.write(f"#!/bin/sh\nexec {words} \"$@\"\n")
        os.chmod(script, stat.S_IRWXU)
        self.script = script
        with open(os.path.join(scene.folder, "profiles", "environments", name + ".properties"), "w") as file:
            file.write(f"kind=command\nprefix={script}\n")


# ---- the play ----

class Scene:
    """One variant: its folder, its environments, and the commands that it runs."""

    def __init__(self, options, variant):
        self.stage = os.path.join(options.folder, "stage")
        self.folder = os.path.join(options.folder, variant.name)
        self.jar = os.path.abspath(options.jar)
        self.llama = llama()
        self.variant = variant
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(os.path.join(self.folder, "profiles", "environments"))
        os.makedirs(os.path.join(self.folder, "tmp"))
        with open(os.path.join(self.folder, "claims.properties"), "w") as file:
            file.write(CLAIMS)
        with open(os.path.join(self.folder, "rehearsal.properties"), "w") as file:
            plan = {**PLAN, "model": os.path.join(self.stage, "wide.gguf"), **variant.plan}
            file.writelines(f"{key}={value}\n" for key, value in plan.items())
        self.environments = [Environment(self, name, changes) for name, changes in variant.environments.items()]

    def drivers(self, cards):
        """The manifests of the software driver. Each of several cards needs a copy of its library."""
        if cards == 1:
            return DRIVER
        with open(DRIVER) as file:
            manifest = json.load(file)
        library = manifest["ICD"]["library_path"]
        if not os.path.isabs(library):
            library = glob.glob("/usr/lib/*/" + os.path.basename(library))[0]
        files = []
        for i in range(cards):
            manifest["ICD"]["library_path"] = shutil.copy(library, os.path.join(self.folder, f"driver{i}.so"))
            files.append(os.path.join(self.folder, f"driver{i}.json"))
            with open(files[-1], "w") as file:
                json.dump(manifest, file)
        return ":".join(files)

    def headroom(self, *arguments, prefix=(), check=True):
        """Runs a command of Headroom in the scene's folder. Returns its standard output."""
        cache = self.folder if self.variant.own_cache else self.stage
        variables = dict(os.environ, HEADROOM_CACHE=os.path.join(cache, "cache"))
        with open(os.path.join(self.folder, "errors.txt"), "a") as errors:
            errors.write("headroom " + " ".join(arguments) + "\n")
            errors.flush()
            done = subprocess.run([*prefix, "java", "-Djava.io.tmpdir=" + os.path.join(self.folder, "tmp"), "-jar",
                                   self.jar, *arguments], cwd=self.folder, env=variables, stdout=subprocess.PIPE,
                                  stderr=errors, text=True)
        with open(os.path.join(self.folder, "output.txt"), "a") as file:
            file.write(done.stdout)
        if check and done.returncode not in (0, 3):
            raise AssertionError(f"headroom {arguments[0]} ended with {done.returncode}: see {self.folder}/errors.txt")
        return done.stdout

    def check_names(self):
        """Checks that each environment is detected as what it plays."""
        for environment in self.environments:
            facts = json.loads(self.headroom("environment", "--json", prefix=(environment.script,)))
            if not environment.name.startswith(facts["name"]):
                raise Missing(f"this machine cannot play {environment.name}: it is detected as {facts['name']}")

    def run(self):
        """Measures and compares. Returns what came out."""
        ended = threading.Event()
        director = threading.Thread(target=self.variant.meanwhile, args=(self, ended))
        director.start()
        try:
            self.headroom(
                "run", "--plan", "rehearsal.properties", "--environment",
                ",".join(each.name for each in self.environments), "--llama", self.llama)
        finally:
            ended.set()
            director.join()
        run = glob.glob(os.path.join(self.folder, "results", "*"))[0]
        compared = self.headroom("compare", "--json", "--baseline", NATIVE, run)
        claimed = self.headroom("compare", "--json", "--claims", "claims.properties", run)
        return Outcome(run, json.loads(compared), json.loads(claimed))


class Outcome:
    """What came out of a variant, and the checks of it."""

    def __init__(self, run, comparison, claims):
        self.run = run
        self.comparison = comparison
        self.claims = dict(zip(CLAIM_NAMES, claims))
        with open(os.path.join(run, "run.json")) as file:
            self.json = json.load(file)
        self.cells = self.json["cells"]
        self.faults = []

    def check(self, right, message):
        if not right:
            self.faults.append(message)

    def claim(self, name, *answers):
        claim = self.claims[name]
        self.check(claim["answer"] in answers,
                   f"claim {name} is {claim['answer']}, not {' or '.join(answers)}: {claim['why']}")

    def never(self, name, answer):
        claim = self.claims[name]
        self.check(claim["answer"] != answer, f"claim {name} is {answer}: {claim['why']}")

    def differences(self, environment, measure):
        return [each for each in self.comparison["differences"]
                if each["other"] == environment and each["measure"]["name"] == measure]

    def amounts(self, environment, mib, within=2):
        """Checks the differences of VRAM that count: they have a verdict."""
        judged = [each for each in self.differences(environment, "·vram.peak")
                  if each["verdict"] in ("worse", "better")]
        self.check(judged, f"no difference of VRAM is judged in {environment}")
        for each in judged:
            self.check(abs(each["difference"] - mib) <= within,
                       f"{environment}: VRAM {each['difference']:+.1f} MiB instead of {mib:+}, in {each['cell']}")

    def spills(self, environment, length=LONGEST):
        """The verdicts on spill of the cells that generate tokens."""
        return {(cell.get("spill") or {}).get("verdict", "absent") for cell in self.cells
                if cell["params"]["environment"] == environment and cell["benchmark"] == "TokenGeneration"
                and cell["params"]["contextLength"] == str(length)}

    def spill(self, environment, *verdicts, length=LONGEST):
        found = self.spills(environment, length)
        self.check(found and found <= set(verdicts),
                   f"spill in {environment} at {length} is {', '.join(sorted(found))}, not {' or '.join(verdicts)}")

    def no_other_spill(self):
        """Checks that no cell is accused that fits."""
        self.spill(NATIVE, "none")
        for environment in (WSL2, WDDM):
            for length in LENGTHS[:-1]:
                self.spill(environment, "none", length=length)

    def incomparable(self, environment, *words):
        texts = [each["reason"] for each in self.comparison["incomparable"] if each["other"] == environment]
        self.check(any(all(word in text.lower() for word in words) for text in texts),
                   f"no reason with {' and '.join(words)} why {environment} is not compared: {sorted(set(texts))}")


# ---- the variants ----

def nothing(scene, ended):
    """Nothing happens meanwhile."""


class Variant:
    def __init__(self, name, text, check, changes=None, environments=(NATIVE, WSL2, WDDM), meanwhile=nothing,
                 own_cache=False, plan=None):
        self.name = name
        self.text = text
        self.check = check
        self.environments = {each: (changes or {}).get(each, {}) for each in environments}
        self.meanwhile = meanwhile
        self.own_cache = own_cache
        self.plan = plan or {}


def confirmed(outcome):
    for name in CLAIM_NAMES:
        outcome.claim(name, "confirmed")
    outcome.amounts(WSL2, TAX[WSL2])
    outcome.amounts(WDDM, TAX[WDDM])


def refused(outcome):
    confirmed(outcome)
    for cell in outcome.cells:
        oom = cell["params"]["contextLength"] == str(LONGEST) and cell["params"]["environment"] != NATIVE
        outcome.check(cell["status"] == ("oom" if oom else "ok"), f"{cell['id']} is {cell['status']}")


def spill_seen(outcome):
    confirmed(outcome)
    outcome.spill(WSL2, "spilled")
    outcome.spill(WDDM, "spilled")
    outcome.no_other_spill()


def spill_unseen(outcome):
    outcome.claim("wsl2", "confirmed")
    outcome.claim("windows", "confirmed")
    outcome.amounts(WSL2, TAX[WSL2])
    outcome.amounts(WDDM, TAX[WDDM])
    for name in ("wsl2-decides", "windows-decides"):
        outcome.claim(name, "confirmed", "unknown")
    outcome.spill(WSL2, "spilled", "suspected", "unknown")
    outcome.spill(WDDM, "spilled", "suspected", "unknown")
    outcome.no_other_spill()


def spill_without_cost(outcome):
    outcome.claim("wsl2", "confirmed")
    outcome.claim("windows", "confirmed")
    for name in ("wsl2-decides", "windows-decides"):
        outcome.never(name, "confirmed")
    outcome.spill(WSL2, "suspected", "unknown", "none")
    outcome.spill(WDDM, "suspected", "unknown", "none")
    outcome.no_other_spill()


def no_tax(outcome):
    outcome.claim("wsl2", "refuted")


def tax_in_context(outcome):
    confirmed(outcome)
    for environment in (WSL2, WDDM):
        growth = [each["parts"]["context"]["difference"] for each in outcome.comparison["waterfalls"]
                  if each["other"] == environment and each["memory"] == "vram"]
        outcome.check(growth and all(abs(mib - TAX[environment]) <= 2 for mib in growth),
                      f"the parts of {environment} do not have the tax in the driver context: {growth}")


def desktop_moved(outcome):
    for name in CLAIM_NAMES:
        outcome.never(name, "refuted")
    noise = {noise["kind"] for cell in outcome.cells for noise in cell.get("noise", [])}
    outcome.check("vram-baseline" in noise, f"noise of the card is not named: {noise}")


def threads_differ(outcome):
    outcome.claim("wsl2", "confirmed")
    outcome.amounts(WSL2, TAX[WSL2])
    speeds = [each["verdict"] for each in outcome.differences(WSL2, "score")]
    outcome.check(set(speeds) <= {"incomparable"}, f"speed is compared: {speeds}")
    outcome.incomparable(WSL2, "threads")


def backend_differs(outcome):
    outcome.check(not outcome.differences(WSL2, "·vram.peak"), "VRAM is compared")
    outcome.incomparable(WSL2, "backend")


def cards_differ(outcome):
    outcome.check(not outcome.differences(WSL2, "·vram.peak"), "VRAM is compared")
    outcome.incomparable(WSL2, "device")


def proof_disturbed(outcome):
    refused(outcome)
    stored = glob.glob(os.path.join(outcome.run, "..", "..", "cache", "meters-*.json"))
    for report in [outcome.run + "/run.json", *stored]:
        with open(report) as file:
            proof = json.load(file)
        proof = proof.get("proof", proof)
        wrong = [each for each in proof["verdicts"]
                 if each["meter"] == "nvml.device" and each["verdict"] == "misleading"]
        outcome.check(not wrong or proof.get("disturbedMib"), f"a disturbed proof is believed: {report}, {wrong}")
        outcome.check(report not in stored or not proof.get("disturbedMib"), f"a disturbed proof is stored: {report}")


def slower(times):
    """A card that spills; in WSL2 it is some times slower at the longest context."""
    beyond = OTHERS + TAX[WSL2] + NEED - SIZE
    changes = {"spill": 1, "spill_us": round((SUBMIT_US + OVERHEAD_US) * (times - 1) / beyond)}
    return {WSL2: changes, WDDM: changes}


def moving_desktop(scene, ended):
    """The desktop takes 300 MiB and gives them back, every other second."""
    more = 0
    while not ended.wait(1.5):
        more = 300 - more
        for environment in scene.environments:
            environment.card.set("others", environment.others + more)


def fork_is_there(scene):
    for file in glob.glob("/proc/[0-9]*/cmdline"):
        with contextlib.suppress(OSError), open(file, "rb") as cmdline:
            command = cmdline.read()
            if b"ForkedMain" in command and scene.llama.encode() in command:
                return True
    return False


def filling_program(scene, ended):
    """Another program takes and frees 1500 MiB until the first fork starts: so while the meters are proven."""
    more = 0
    while not ended.wait(0.03) and not fork_is_there(scene):
        more = 1500 - more
        for environment in scene.environments:
            environment.card.set("others", environment.others + more)
    for environment in scene.environments:
        environment.card.set("others", environment.others)


PAIR = (NATIVE, WSL2)
FEW = {"contextLength": "256,640"}
VARIANTS = [
    Variant("refuse", "The card refuses what does not fit", refused),
    Variant("spill-seen", "The card spills, and a meter sees it", spill_seen,
            {name: {**slower(4).get(name, {}), "meter": "amd"} for name in (NATIVE, WSL2, WDDM)}),
    Variant("spill-2", "The card spills, no meter sees it, 2 times slower", spill_unseen, slower(2)),
    Variant("spill-4", "The card spills, no meter sees it, 4 times slower", spill_unseen, slower(4)),
    Variant("spill-10", "The card spills, no meter sees it, 10 times slower", spill_unseen, slower(10)),
    Variant("spill-fast", "The card spills and stays fast", spill_without_cost, slower(1)),
    Variant("no-tax", "WSL2 takes nothing more", no_tax, {WSL2: {"others": OTHERS}}, PAIR, plan=FEW),
    Variant("tax-200", "WSL2 takes 200 MiB more", no_tax, {WSL2: {"others": OTHERS + 200}}, PAIR, plan=FEW),
    Variant("tax-in-context", "The tax is in the driver context", tax_in_context,
            {name: {"others": OTHERS, "context": CONTEXT + TAX[name]} for name in (WSL2, WDDM)}),
    Variant("desktop-moves", "The desktop moves by 300 MiB during the run", desktop_moved,
            {name: {"size": SIZE + 200} for name in (NATIVE, WSL2, WDDM)}, meanwhile=moving_desktop),
    Variant("threads", "Different numbers of threads by default", threads_differ,
            {WSL2: {"prefix": ["taskset", "-c", "0"]}}, PAIR, plan=FEW),
    Variant("backend", "Another backend", backend_differs, {WSL2: {"vulkan": False}}, PAIR,
            plan={"contextLength": "256"}),
    Variant("four-cards", "One card against four", cards_differ, {WSL2: {"cards": 4}}, PAIR,
            plan={"contextLength": "256"}),
    Variant("disturbed-proof", "Another program fills the card while the meters are proven", proof_disturbed,
            meanwhile=filling_program, own_cache=True),
]
SHORT = ("refuse", "spill-4", "no-tax")


def llama():
    packages = os.path.join(ROOT, "natives", "vulkan", "node_modules", "@node-llama-cpp")
    libraries = glob.glob(os.path.join(packages, "linux-*", "bins", "*", "libllama*.so*"))
    if not libraries:
        raise Missing("llama.cpp for Vulkan is not in natives/vulkan: run mvn verify")
    return os.path.dirname(libraries[0])


def prepare(options):
    for program in ("gcc", "bwrap", "java"):
        if not shutil.which(program):
            raise Missing(program + " is not installed")
    for file in (DRIVER, HEADERS, options.jar):
        if not os.path.exists(file):
            raise Missing(file + " does not exist")
    stage = os.path.join(options.folder, "stage")
    os.makedirs(stage, exist_ok=True)
    build(stage)
    model = os.path.join(stage, "wide.gguf")
    if not os.path.exists(model):
        write_model(model)


def play(options, variant):
    """Plays a variant. Returns the faults."""
    start = time.monotonic()
    print(f"{variant.name}: {variant.text}", flush=True)
    scene = Scene(options, variant)
    scene.check_names()
    try:
        outcome = scene.run()
    except AssertionError as e:
        print(f"  FAULT {e}", flush=True)
        return [str(e)]
    variant.check(outcome)
    for name, claim in outcome.claims.items():
        print(f"  {name}: {claim['answer']} ({claim['why']})")
    for environment in variant.environments:
        peaks = sorted(f"{cell['params'].get('contextLength')}: {cell['score']['value']:.1f} tokens/s, "
                       f"{cell['metrics'].get('·vram.peak', {}).get('value', float('nan')):.1f} MiB, "
                       f"spill {(cell.get('spill') or {}).get('verdict', 'absent')}"
                       if cell["status"] == "ok" else f"{cell['params'].get('contextLength')}: {cell['status']}"
                       for cell in outcome.cells
                       if cell["params"]["environment"] == environment and cell["benchmark"] == "TokenGeneration")
        print(f"  {environment}: " + "; ".join(peaks))
    for fault in outcome.faults:
        print(f"  FAULT {fault}")
    print(f"  {'FAULTS: ' + str(len(outcome.faults)) if outcome.faults else 'right'}, "
          f"{time.monotonic() - start:.0f} s, {os.path.relpath(outcome.run, ROOT)}", flush=True)
    return outcome.faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", action="append", choices=[each.name for each in VARIANTS])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jar", default=os.path.join(ROOT, "target", "headroom.jar"))
    parser.add_argument("--folder", default=os.path.join(ROOT, "target", "rehearsal"))
    options = parser.parse_args()
    options.folder = os.path.abspath(options.folder)
    names = options.variant or (SHORT if options.short else [each.name for each in VARIANTS])
    variants = [each for each in VARIANTS if each.name in names]
    if options.list:
        for variant in variants:
            print(f"{variant.name:<16} {variant.text}")
        return
    try:
        prepare(options)
        wrong = [variant.name for variant in variants if play(options, variant)]
    except Missing as e:
        print(f"The rehearsal is skipped: {e}.")
        return
    if wrong:
        sys.exit(f"The rehearsal found faults in {', '.join(wrong)}.")
    print(f"The rehearsal is right in {len(variants)} variants.")


if __name__ == "__main__":
    main()
