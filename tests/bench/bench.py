#!/usr/bin/env python3
"""Measures weir against named peers and a small hand-written program for each task, in one run.

    python3 tests/bench/bench.py [--data DIR] [--runs N] [--tasks a,b] [--peers a,b] [--factor F] [--markdown]

The data is made from a seed on the first call. Every command runs N times, weir, limit and peers in turn; medians
of the wall clock are compared. Engines that are Python packages (DuckDB, chdb, Polars) are timed from
after their import, weir and the other programs as whole processes: the peers get that for free. Memory is
the process's peak. Peers that are not installed are named and left out.

Beside the tasks of tasks.py there are `startup` (one line in, until the program ends), `latency` (line in to line out
through a pipe that pauses) and `memory` (windows over --stream-gb of generated input).
"""
import argparse
import atexit
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from tasks import OUT, combined, tasks

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ENGINES = ["duckdb", "chdb", "polars"]
PROGRAMS = ["mawk", "mlr", "rg", "jq"]
OURS = ["weir", "weir sql", "limit", "weir tumbling", "weir by key"]
SLOW = {"jq", "mlr", "mawk"}  # once is enough: they are far away
PEER_RUNS = 3


def measure(argv):
    """Wall seconds, CPU seconds, peak MB of a command; its output goes to the file OUT."""
    timing = None
    if isinstance(argv, tuple):  # an engine in Python: (name, set-up, the work)
        code = "import time\n%s\nt = time.time()\n%s\nprint('\\n@@', time.time() - t)" % (argv[1], argv[2])
        command = [sys.executable, "-c", code]
        timing = tempfile.TemporaryFile()
    else:
        command = argv
    if os.path.exists(OUT):
        os.remove(OUT)
    sink = timing if timing else open(OUT, "wb")
    start = time.time()
    p = subprocess.Popen(command, stdout=sink, stderr=subprocess.PIPE)
    err = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.time() - start
    p.returncode = status
    sink.flush()
    if status != 0:
        raise RuntimeError(err.decode(errors="replace").strip()[-400:])
    if timing:
        timing.seek(0)
        wall = float(timing.read().decode(errors="replace").rsplit("@@", 1)[1])
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024.0


def count_lines(path):
    with open(path, "rb") as f:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: f.read(1 << 22), b""))


def build(folder):
    os.makedirs(folder, exist_ok=True)
    flags = ["-O3", "-march=native", "-std=c++20", "-pthread"]
    for name in ["generate"] + ["limits/" + f[:-4] for f in os.listdir(HERE + "/limits") if f.endswith(".cpp")]:
        target = os.path.join(folder, os.path.basename(name))
        source = os.path.join(HERE, name + ".cpp")
        newest = max(os.path.getmtime(source), os.path.getmtime(HERE + "/limits/chunks.h"))
        if not os.path.exists(target) or os.path.getmtime(target) < newest:
            subprocess.check_call(["g++"] + flags + [source, "-o", target])


def commands_of(task, args, present):
    wanted = [p for p in args.peers.split(",") if p]
    found = {}
    for name, command in task.items():
        peer = name.split()[0]
        if name == "weir" or isinstance(command, list) and command[:1] == ["weir"]:
            pipeline = command if name == "weir" else command[1:]
            found[name] = [args.weir, "run", "-q"] + pipeline + task.get("files", [task["data"]])
        elif name == "weir sql":
            found[name] = [args.weir, "sql", "-q"] + command
        elif name == "limit":
            found[name] = [os.path.join(args.data, command[0])] + command[1:]
        elif present.get(peer) and (not wanted or name in wanted or peer in wanted):
            found[name] = command
    return found


def run_task(name, task, args, present):
    """Medians (wall, CPU, MB) by command, the slowest last, printed too."""
    with open(task["data"], "rb") as f:  # into the page cache
        while f.read(1 << 24):
            pass
    results = {}
    rows = {}
    failed = set()
    for run in range(args.runs + 1):  # the first is a warm-up
        for c, argv in commands_of(task, args, present).items():
            peer = c.split()[0]
            if c in failed or peer in SLOW and run > 0 or c not in OURS and run > PEER_RUNS:
                continue
            try:
                result = measure(argv)
            except RuntimeError as e:
                print("%s: %s: %s" % (name, c, e))
                failed.add(c)
                continue
            if c not in rows:
                rows[c] = count_lines(OUT)
            if run > 0 or peer in SLOW:
                results.setdefault(c, []).append(result)
    median = {c: [statistics.median(x[i] for x in r) for i in range(3)] for c, r in results.items()}
    print("\n%s: %s (%.2f GB)" % (name, task["what"], os.path.getsize(task["data"]) / 1e9))
    if "weir" not in median:
        return None
    print("  %-13s %8s %8s %9s %10s %13s" % ("", "wall s", "cpu s", "peak MB", "lines out", "time vs weir"))
    for c, m in sorted(median.items(), key=lambda x: x[1][0]):
        ratio = m[0] / median["weir"][0]
        floor = task["floors"].get(c)
        note = ""
        if floor and c == "limit":
            note = "weir needs %.2fx of it, floor %gx" % (1 / ratio, floor)
        elif floor:
            note = "floor %.2gx" % floor
        print("  %-13s %8.3f %8.3f %9.0f %10d %12.2fx  %s" % (c, m[0], m[1], m[2], rows[c], ratio, note))
    sys.stdout.flush()
    return median


def markdown(measured):
    columns = ["limit", "duckdb", "chdb", "polars", "mawk", "mlr", "jq", "rg"]
    print("\n| task | " + " | ".join(columns) + " |\n| --- " * 1 + "| --- " * len(columns) + "|")
    for what, median in measured:
        weir = median["weir"][0]
        cells = []
        for c in columns:
            if c not in median:
                cells.append("")
            elif c == "limit":
                cells.append("%.2f" % (weir / median[c][0]))
            else:
                cells.append("%.1f" % (min(median[x][0] for x in median if x.split()[0] == c) / weir))
        print("| %s | %s |" % (what, " | ".join(cells)))


def startup(weir, present):
    commands = {"weir": [weir, "run", "-q", "-i", "text", "-t", "text", "-e", "", "-"]}
    if present["mawk"]:
        commands["mawk"] = ["mawk", "{ print }"]
    if present["mlr"]:
        commands["mlr"] = ["mlr", "--inidx", "cat"]
    if present["jq"]:
        commands["jq"] = ["jq", "-R", "."]
    for engine in ENGINES:
        if present[engine] and engine == "duckdb":
            commands[engine] = [sys.executable, "-c", "import duckdb; duckdb.sql(\"select 'hello'\").fetchall()"]
    print("\nstart to end, one line in")
    for c, argv in commands.items():
        times = []
        for _ in range(25):
            start = time.time()
            subprocess.run(argv, input=b"hello\n", stdout=subprocess.DEVNULL)
            times.append(time.time() - start)
        floor = "  floor 10 ms" if c == "weir" else ""
        print("  %-8s %6.1f ms%s" % (c, statistics.median(times) * 1000, floor))


def latency(weir, lines=1000):
    p = subprocess.Popen([weir, "run", "-q", "-i", "text", "-t", "text", "-e", "", "-"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, bufsize=0)
    times = []
    for i in range(lines):
        start = time.perf_counter()
        p.stdin.write(b"line %d\n" % i)
        p.stdout.readline()
        times.append(time.perf_counter() - start)
        time.sleep(0.001)
    p.stdin.close()
    p.wait()
    times.sort()
    print("\nline in to line out, 1,000 a second: median %.3f ms, 99th percentile %.3f ms, floor 1 ms" % (
        times[lines // 2] * 1000, times[lines * 99 // 100] * 1000))


def peak_mb(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(x.split()[1]) for x in f if x.startswith("VmHWM:")) / 1024.0


def memory(args):
    """Windows over a long stream through a pipe: what they hold depends on open windows and keys, not on its length."""
    size = args.stream_gb * 1e9
    pipelines = {
        "tumbling": 'type = "tumbling"\nsize = "1m"\nkey_by = ["status"]',
        "sliding": 'type = "sliding"\nsize = "5m"\nslide = "1m"\nkey_by = ["status"]',
        "session": 'type = "session"\ngap = "30m"\nkey_by = ["host"]',
    }
    print("\npeak memory while %g GB of log stream through a pipe, MB" % args.stream_gb)
    for name, window in pipelines.items():
        options = combined('[window]\n%s\naggregate = { hits = "COUNT(*)" }' % window)
        source = subprocess.Popen([os.path.join(args.data, "generate"), "-", str(size)], stdout=subprocess.PIPE)
        p = subprocess.Popen([args.weir, "run", "-q"] + options + ["-"], stdin=source.stdout, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
        source.stdout.close()
        peaks = []
        step = size / 10
        while p.poll() is None:
            try:
                with open("/proc/%d/io" % p.pid) as f:
                    read = int(f.readline().split()[1])
                peak = peak_mb(p.pid)
            except (OSError, StopIteration):
                break
            if read >= step * (len(peaks) + 1):
                peaks.append(peak)
            time.sleep(0.02)
        p.wait()
        source.wait()
        if p.returncode != 0:
            print("  %-9s failed: %s" % (name, p.stderr.read().decode(errors="replace").strip()[-200:]))
        else:
            print("  %-9s after each tenth: %s" % (name, " ".join("%.0f" % x for x in peaks)))
        sys.stdout.flush()


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", default="/tmp/weir-bench", help="where data and limit programs are kept")
    ap.add_argument("--weir", default=os.path.join(ROOT, "build", "weir"))
    ap.add_argument("--runs", type=int, default=5)
    ap.add_argument("--factor", type=float, default=1.0, help="size of the data, 1 = as in the README")
    ap.add_argument("--tasks", default="", help="only these, e.g. hits,startup")
    ap.add_argument("--peers", default="", help="only these, e.g. duckdb,rg; 'none' for weir and limit alone")
    ap.add_argument("--stream-gb", type=float, default=10, help="length of the memory task's stream")
    ap.add_argument("--markdown", action="store_true", help="the table of the README: ratios only")
    return ap.parse_args()


def main():
    args = arguments()
    atexit.register(lambda: os.path.exists(OUT) and os.remove(OUT))
    build(args.data)
    data = os.path.join(args.data, "data")
    subprocess.check_call([os.path.join(args.data, "generate"), data, str(args.factor)])
    present = {peer: importlib.util.find_spec(peer) is not None for peer in ENGINES}
    present.update({peer: shutil.which(peer) is not None for peer in PROGRAMS})
    missing = [p for p, there in present.items() if not there]
    if missing:
        print("not found, left out: " + ", ".join(missing))
    chosen = [t for t in args.tasks.split(",") if t]
    measured = []
    for name, task in tasks(data).items():
        if not chosen or name in chosen:
            median = run_task(name, task, args, present)
            if median:
                measured.append((task["what"], median))
    if args.markdown and measured:
        markdown(measured)
    if not chosen or "startup" in chosen:
        startup(args.weir, present)
    if not chosen or "latency" in chosen:
        latency(args.weir)
    if not chosen or "memory" in chosen:
        memory(args)


if __name__ == "__main__":
    main()
