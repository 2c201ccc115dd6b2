#!/usr/bin/env python3
"""Measures weir against named peers and a small hand-written program for each task, in one run.

    python3 tests/bench/bench.py [--data DIR] [--runs N] [--tasks a,b] [--peers a,b] [--factor F] [--markdown]

The data is made from a seed on the first call. Every command runs N times, weir, limit and peers in turn; medians
of the wall clock are compared. Engines that are Python packages (DuckDB, chdb, Polars) are timed from
after their import, weir and the other programs as whole processes: the peers get that for free. Memory is
the process's peak. Peers that are not installed are named and left out.
"""
import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def duckdb(sql):
    return ("duckdb", "import duckdb\ncon = duckdb.connect()\ncon.execute('SET threads=%d')\n" % CORES,
            "con.execute(%r)" % sql)


def chdb(sql):
    return ("chdb", "import chdb\n",
            "chdb.query(%r + ' SETTINGS max_threads=%d, input_format_parallel_parsing=1', 'CSV')" % (sql, CORES))


def polars(code):
    return ("polars", "import os\nos.environ['POLARS_MAX_THREADS']='%d'\nimport polars as pl\n" % CORES, code)


CORES = len(os.sched_getaffinity(0))

CLF_RE = r'^(\S+) \S+ \S+ \[([^\]]+)\] "[^"]*" (\d+) '


def tasks(d):
    words, log, tx = d + "/words.txt", d + "/access.log", d + "/transactions.json"
    st, wide = d + "/stations.txt", d + "/wide.csv"
    out = "/tmp/weir-bench-out"
    return {
        "wordcount": {
            "what": "WordCount: lower, split on white space, count per word", "data": words,
            "weir": ["-i", "text", "-t", "csv", "-e", """
[[transform]]
op = "flat_map"
each = "SPLIT_WORDS(LOWER(line))"
as = "word"
[[transform]]
op = "aggregate"
key_by = ["word"]
aggregate = { n = "COUNT(*)" }"""],
            "limit": ["wordcount", words],
            "floors": {"chdb": 1.3, "duckdb": 4, "mawk": 15, "limit": 1.8},
            "duckdb": duckdb("COPY (SELECT w, count(*) n FROM (SELECT unnest(regexp_split_to_array(lower(line), '\\s+')) w FROM "
                             "read_csv('%s', columns={'line':'VARCHAR'}, delim='\\x01', quote='', escape='', header=false)) "
                             "WHERE w <> '' GROUP BY w) TO '%s' (FORMAT csv)" % (words, out)),
            "chdb": chdb("SELECT w, count() n FROM (SELECT arrayJoin(splitByWhitespace(lower(line))) w FROM "
                         "file('%s', 'LineAsString', 'line String')) GROUP BY w" % words),
            "polars": polars("pl.scan_csv(%r, has_header=False, separator='\\x01', quote_char=None, new_columns=['line'])"
                             ".select(pl.col('line').str.to_lowercase().str.split(' ').explode().alias('w'))"
                             ".group_by('w').len().collect().write_csv('%s')" % (words, out)),
            "mawk": ["mawk", '{ $0 = tolower($0); for (i = 1; i <= NF; i++) c[$i]++ } END { for (w in c) print w "," c[w] }', words],
        },
        "hits": {
            "what": "hits per status per minute of event time", "data": log,
            "weir": ["-i", "combined", "-t", "csv", "-e", """
[source.event_time]
column = "time"
max_out_of_orderness = "3s"
[window]
type = "tumbling"
size = "1m"
key_by = ["status"]
aggregate = { hits = "COUNT(*)" }"""],
            "limit": ["hits", log],
            "floors": {"duckdb": 5, "chdb": 5, "polars": 5, "mawk": 10, "limit": 3},
            "duckdb": duckdb("COPY (SELECT date_trunc('minute', strptime(g[1], '%%d/%%b/%%Y:%%H:%%M:%%S %%z')) m, g[2] s, count(*) n FROM "
                             "(SELECT regexp_extract(line, '\\[([^\\]]+)\\] \"[^\"]*\" (\\d+)', ['t', 's']) r, [r.t, r.s] g FROM "
                             "read_csv('%s', columns={'line':'VARCHAR'}, delim='\\x01', quote='', escape='', header=false)) "
                             "GROUP BY ALL) TO '%s' (FORMAT csv)" % (log, out)),
            "chdb": chdb("SELECT toStartOfMinute(parseDateTime(t, '%%d/%%b/%%Y:%%H:%%i:%%s')) m, s, count() n FROM (SELECT "
                         "splitByChar(' ', line) p, substring(p[4], 2) t, p[9] s FROM file('%s', 'LineAsString', 'line String')) "
                         "GROUP BY m, s" % log),
            "polars": polars("pl.scan_csv(%r, has_header=False, separator=' ', quote_char='\"', new_columns=['h','i','u','t','z','r','s','b','f','a'], "
                             "schema_overrides={'column_7': pl.Utf8}).select(pl.col('t').str.slice(1).str.to_datetime('%%d/%%b/%%Y:%%H:%%M:%%S')"
                             ".dt.truncate('1m'), 's').group_by('t', 's').len().collect().write_csv('%s')" % (log, out)),
            "mawk": ["mawk", '{ c[substr($4, 2, 17) "," $9]++ } END { for (k in c) print k "," c[k] }', log],
        },
        "filter": {
            "what": "filter amount > 1000, keep 3 of 7 fields", "data": tx,
            "weir": ["-i", "json", "-t", "json", "-e", """
[[transform]]
op = "filter"
where = "amount > 1000"
[[transform]]
op = "map"
columns = { id = "id", account = "account", amount = "amount" }"""],
            "limit": ["filter_json", tx],
            "floors": {"duckdb": 2.5, "jq": 50, "limit": 3},
            "duckdb": duckdb("COPY (SELECT id, account, amount FROM read_json('%s', format='newline_delimited', "
                             "columns={'id':'BIGINT','account':'VARCHAR','amount':'DOUBLE'}) WHERE amount > 1000) TO '%s' (FORMAT json)" % (tx, out)),
            "chdb": chdb("SELECT id, account, amount FROM file('%s', 'JSONEachRow', 'id Int64, account String, amount Float64') "
                         "WHERE amount > 1000" % tx),
            "polars": polars("pl.scan_ndjson(%r).filter(pl.col('amount') > 1000).select('id', 'account', 'amount').collect()"
                             ".write_ndjson('%s')" % (tx, out)),
            "jq": ["jq", "-c", "select(.amount > 1000) | {id, account, amount}", tx],
        },
        "stations": {
            "what": "min, mean, max by station (`name;value`)", "data": st,
            "weir": ["-t", "csv", "-e", """
[source]
format = { name = "csv", delimiter = ";", header = false, columns = ["name", "value"] }
[[transform]]
op = "aggregate"
key_by = ["name"]
aggregate = { lowest = "MIN(value)", mean = "MEAN(value)", highest = "MAX(value)" }"""],
            "limit": ["stations", st],
            "floors": {"duckdb": 5, "polars": 4, "mawk": 35, "limit": 2},
            "duckdb": duckdb("COPY (SELECT name, min(value), avg(value), max(value) FROM read_csv('%s', delim=';', header=false, "
                             "columns={'name':'VARCHAR','value':'DOUBLE'}) GROUP BY name ORDER BY name) TO '%s' (FORMAT csv)" % (st, out)),
            "chdb": chdb("SELECT name, min(value), avg(value), max(value) FROM file('%s', 'CSV', 'name String, value Float64') "
                         "GROUP BY name ORDER BY name SETTINGS format_csv_delimiter=';'" % st),
            "polars": polars("pl.scan_csv(%r, has_header=False, separator=';', new_columns=['name','value']).group_by('name').agg("
                             "pl.col('value').min().alias('a'), pl.col('value').mean().alias('b'), pl.col('value').max().alias('c'))"
                             ".sort('name').collect(engine='streaming').write_csv('%s')" % (st, out)),
            "mawk": ["mawk", "-F;", '{ if (!($1 in n)) { lo[$1] = hi[$1] = $2 } n[$1]++; s[$1] += $2; if ($2 < lo[$1]) lo[$1] = $2; '
                     'if ($2 > hi[$1]) hi[$1] = $2 } END { for (k in n) print k "," lo[k] "," s[k] / n[k] "," hi[k] }', st],
        },
        "csv": {
            "what": "sum by category, quoted CSV of 20 columns", "data": wide,
            "weir": ["-i", "csv", "-t", "csv", "-e", """
[[transform]]
op = "aggregate"
key_by = ["category"]
aggregate = { total = "SUM(amount)" }"""],
            "limit": ["wide_csv", wide],
            "floors": {"duckdb": 3.5, "polars": 2.2, "limit": 2.5},
            "duckdb": duckdb("COPY (SELECT category, sum(amount) FROM read_csv('%s', header=true, parallel=false) GROUP BY category) "
                             "TO '%s' (FORMAT csv)" % (wide, out)),
            "chdb": chdb("SELECT category, sum(amount) FROM file('%s', 'CSVWithNames') GROUP BY category" % wide),
            "polars": polars("pl.scan_csv(%r).group_by('category').agg(pl.col('amount').sum()).collect(engine='streaming')"
                             ".write_csv('%s')" % (wide, out)),
            "mlr": ["mlr", "--icsv", "--ocsv", "stats1", "-a", "sum", "-f", "amount", "-g", "category", wide],
        },
        "grep": {
            "what": "lines that hold a fixed string, passed on", "data": log,
            "weir": ["-i", "text", "-t", "text", "-e", """
[[transform]]
op = "filter"
where = "line LIKE '%special-offer%'" """],
            "limit": ["grep", log],
            "floors": {"rg": 1.0, "limit": 2.6},
            "rg": ["rg", "--no-mmap", "-N", "-F", "special-offer", log],
            "mawk": ["mawk", "/special-offer/", log],
            "duckdb": duckdb("COPY (SELECT line FROM read_csv('%s', columns={'line':'VARCHAR'}, delim='\\x01', quote='', escape='', "
                             "header=false) WHERE contains(line, 'special-offer')) TO '%s' (FORMAT csv)" % (log, out)),
        },
    }


SLOW = {"jq", "mlr", "mawk"}  # once is enough: they are far away


def measure(argv):
    """Wall seconds, CPU seconds, peak MB of a command."""
    timing = None
    if isinstance(argv, tuple):  # an engine in Python: (name, set-up, the work)
        code = "import time\n%s\nt = time.time()\n%s\nprint('\\n@@', time.time() - t)" % (argv[1], argv[2])
        command = [sys.executable, "-c", code]
        timing = tempfile.TemporaryFile()
    else:
        command = argv
    sink = timing if timing else open("/tmp/weir-bench-stdout", "wb")
    start = time.time()
    p = subprocess.Popen(command, stdout=sink, stderr=subprocess.PIPE)
    err = p.stderr.read()
    _, status, usage = os.wait4(p.pid, 0)
    wall = time.time() - start
    p.returncode = status
    if status != 0:
        raise RuntimeError("%s failed: %s" % (command[0], err.decode(errors="replace")[-400:]))
    if timing:
        timing.seek(0)
        wall = float(timing.read().decode(errors="replace").rsplit("@@", 1)[1])
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024.0


def build(folder):
    os.makedirs(folder, exist_ok=True)
    flags = ["-O3", "-march=native", "-std=c++20", "-pthread"]
    for name in ["generate"] + ["limits/" + f[:-4] for f in os.listdir(HERE + "/limits") if f.endswith(".cpp")]:
        target = os.path.join(folder, os.path.basename(name))
        source = os.path.join(HERE, name + ".cpp")
        if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(source):
            subprocess.check_call(["g++"] + flags + [source, "-o", target])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", default="/tmp/weir-bench", help="where data and limit programs are kept")
    ap.add_argument("--weir", default=os.path.join(ROOT, "build", "weir"))
    ap.add_argument("--runs", type=int, default=5)
    ap.add_argument("--factor", type=float, default=1.0, help="size of the data, 1 = as in the README")
    ap.add_argument("--tasks", default="")
    ap.add_argument("--peers", default="", help="only these, e.g. duckdb,rg; 'none' for weir and limit alone")
    ap.add_argument("--markdown", action="store_true", help="the table of the README: ratios only")
    args = ap.parse_args()
    build(args.data)
    data = os.path.join(args.data, "data")
    subprocess.check_call([os.path.join(args.data, "generate"), data, str(args.factor)])
    present = {}
    for peer in ["duckdb", "chdb", "polars"]:
        present[peer] = importlib.util.find_spec(peer) is not None
    for peer in ["mawk", "mlr", "rg", "jq"]:
        present[peer] = shutil.which(peer) is not None
    missing = [p for p, there in present.items() if not there]
    if missing:
        print("not found, left out: " + ", ".join(missing))
    wanted = [p for p in args.peers.split(",") if p]
    chosen = [t for t in args.tasks.split(",") if t]
    rows = []
    for name, task in tasks(data).items():
        if chosen and name not in chosen:
            continue
        with open(task["data"], "rb") as f:  # into the page cache
            while f.read(1 << 24):
                pass
        commands = {"weir": [args.weir, "run", "-q"] + task["weir"] + [task["data"]],
                    "limit": [os.path.join(args.data, task["limit"][0])] + task["limit"][1:]}
        for peer, there in present.items():
            if peer in task and there and (not wanted or peer in wanted):
                commands[peer] = task[peer]
        results = {c: [] for c in commands}
        for run in range(args.runs + 1):  # the first is a warm-up
            for c, argv in commands.items():
                if c in SLOW and run > 1 or (c not in ("weir", "limit", "rg") and run > 3):
                    continue
                try:
                    r = measure(argv)
                except RuntimeError as e:
                    print("%s: %s" % (c, e))
                    results[c] = None
                    continue
                if run > 0 and results[c] is not None:
                    results[c].append(r)
        median = {c: [statistics.median(x[i] for x in r) for i in range(3)] for c, r in results.items() if r}
        size = os.path.getsize(task["data"]) / 1e9
        print("\n%s: %s (%.2f GB)" % (name, task["what"], size))
        print("  %-8s %8s %8s %9s %14s" % ("", "wall s", "cpu s", "peak MB", "time vs weir"))
        for c, m in sorted(median.items(), key=lambda x: x[1][0]):
            ratio = m[0] / median["weir"][0]
            floor = task["floors"].get(c)
            note = ""
            if floor and c == "limit":
                note = "weir needs %.2fx of it, floor %gx" % (1 / ratio, floor)
            elif floor:
                note = "floor %gx" % floor
            print("  %-8s %8.3f %8.3f %9.0f %13.2fx  %s" % (c, m[0], m[1], m[2], ratio, note))
        rows.append((task["what"], median))
    if args.markdown:
        peers = ["duckdb", "chdb", "polars", "mawk", "mlr", "jq", "rg"]
        print("\n| task | limit | " + " | ".join(peers) + " |\n| --- " * 1 + "| --- " * (len(peers) + 1) + "|")
        for what, median in rows:
            w = median["weir"][0]
            cells = ["%.1fx" % (w / median["limit"][0])]
            cells += ["%.1fx" % (median[p][0] / w) if p in median else "" for p in peers]
            print("| %s | %s |" % (what, " | ".join(cells)))
    # Start-up and latency.
    if not chosen or "startup" in chosen:
        startup(args.weir, present)
        latency(args.weir)


def startup(weir, present):
    commands = {"weir": [weir, "run", "-q", "-i", "text", "-t", "text", "-e", "", "/dev/stdin"]}
    if present["mawk"]:
        commands["mawk"] = ["mawk", "{ print }"]
    if present["mlr"]:
        commands["mlr"] = ["mlr", "--inidx", "cat"]
    print("\nstart to end, one line in")
    for c, argv in commands.items():
        times = []
        for _ in range(25):
            start = time.time()
            subprocess.run(argv, input=b"hello\n", stdout=subprocess.DEVNULL)
            times.append(time.time() - start)
        print("  %-8s %6.1f ms" % (c, statistics.median(times) * 1000))


def latency(weir):
    p = subprocess.Popen([weir, "run", "-q", "-i", "text", "-t", "text", "-e", "", "-"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, bufsize=0)
    times = []
    for i in range(1000):
        start = time.perf_counter()
        p.stdin.write(b"line %d\n" % i)
        p.stdout.readline()
        times.append(time.perf_counter() - start)
        time.sleep(0.001)
    p.stdin.close()
    p.wait()
    times.sort()
    print("\nline in to line out, 1,000 a second: median %.3f ms, 99th percentile %.3f ms" % (
        times[500] * 1000, times[990] * 1000))


if __name__ == "__main__":
    main()
