#!/usr/bin/env python3
"""Checks that a run with many forks leaks no processes, files, sockets, threads or heap.

After every few forks, it prints one line: child processes, files in the temp directory, open files, sockets and
threads of Headroom, its resident memory, and its heap and classes after a garbage collection. It fails in these cases:
- The last line has more processes, files, sockets or threads than the first.
- The heap has grown by more than --growth KiB for each fork.
- After the run, there is still a child process, or a file in the temp directory other than jmh.lock.

It needs the jar, a JDK on Linux, and python3.

  leaks.py [--forks 200] [--every 20] [--growth 8]
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
COLUMNS = ["forks", "processes", "temp", "files", "sockets", "threads", "rss", "heap", "classes"]


def descendants(pid):
    parents = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            text = open(path, encoding="utf-8", errors="replace").read()
        except OSError:
            continue
        parents.setdefault(int(text.rsplit(")", 1)[1].split()[1]), []).append(int(text.split()[0]))
    below, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        below += children
        todo += children
    return below


def jcmd(pid, command):
    return subprocess.run(["jcmd", str(pid), command], check=True, capture_output=True, text=True).stdout


def kib(pattern, text):
    return sum(int(used) for used in re.findall(pattern, text, re.M))


def measure(pid, temp, forks):
    links = []
    for fd in glob.glob("/proc/%d/fd/*" % pid):
        try:
            links.append(os.readlink(fd))
        except OSError:
            pass  # closed in the meantime
    status = open("/proc/%d/status" % pid, encoding="utf-8").read()
    processes = len(descendants(pid))
    files = sum(len(names) for _, _, names in os.walk(temp))
    jcmd(pid, "GC.run")
    heap = jcmd(pid, "GC.heap_info")
    return {"forks": forks, "processes": processes, "temp": files, "files": len(links),
            "sockets": sum(link.startswith("socket:") for link in links),
            "threads": len(os.listdir("/proc/%d/task" % pid)), "rss": kib(r"^VmRSS:\s+(\d+)", status),
            "heap": kib(r"(?:heap|generation)\s.*used (\d+)K", heap), "classes": kib(r"Metaspace\s.*used (\d+)K", heap)}


def forks_done(out):
    return sum(max(0, open(path, "rb").read().count(b"\n") - 1) for path in glob.glob(os.path.join(out, "*", "journal.jsonl")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forks", type=int, default=200)
    parser.add_argument("--every", type=int, default=20)
    parser.add_argument("--growth", type=float, default=8, help="maximum growth of the heap, in KiB for each fork")
    parser.add_argument("--jar", default=os.path.join(ROOT, "target", "headroom.jar"))
    parser.add_argument("options", nargs="*", help="more options for headroom run, after --")
    args = parser.parse_args()
    work = tempfile.mkdtemp(prefix="headroom-leaks-")
    temp, out = os.path.join(work, "temp"), os.path.join(work, "results")
    os.mkdir(temp)
    host = subprocess.Popen(
        ["java", "-Djava.io.tmpdir=" + temp, "-jar", args.jar, "run", "--benchmark", "NativeCall", "--forks",
         str(args.forks), "--warmup", "0", "--iterations", "1", "--time", "50ms", "--quiet", "--out", out] + args.options,
        stdout=subprocess.DEVNULL)
    seen = []
    below = set()
    print(" ".join("%9s" % column for column in COLUMNS), flush=True)
    while host.poll() is None:
        done = forks_done(out)
        below.update(descendants(host.pid))
        if done < args.forks and done // args.every > len(seen):
            jcmd(host.pid, "VM.version")  # the first jcmd creates a thread and a socket
            seen.append(measure(host.pid, temp, done))
            print(" ".join("%9d" % seen[-1][column] for column in COLUMNS), flush=True)
        time.sleep(0.1)
    assert host.returncode == 0, "exit code %d" % host.returncode
    left = [pid for pid in below if os.path.exists("/proc/%d" % pid)]
    files = sorted(name for _, _, names in os.walk(temp) for name in names)
    assert not left, "processes still exist: %s" % left
    assert files == ["jmh.lock"], "files still exist: %s" % files
    assert forks_done(out) == args.forks
    first, last = seen[0], seen[-1]
    for column in ("processes", "temp", "files", "sockets", "threads"):
        assert last[column] <= first[column], "more %s" % column
    growth = (last["heap"] - first["heap"]) / (last["forks"] - first["forks"])
    print("%d forks: no process or file leaked; the heap grew by %.1f KiB for each fork" % (args.forks, growth))
    assert growth <= args.growth
    shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
