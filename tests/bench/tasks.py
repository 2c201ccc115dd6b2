"""What bench.py measures: for each task weir's pipeline, the limit program, and the same job for each peer.

A peer gets the form of the job that was fastest of those tried, gives the same rows, and writes them to a file. It may
leave its rows unordered where weir orders them. Peers read records into fields, as weir does; where cutting
the text at known places is faster, that form stands beside it under its own name ("chdb cut"): it takes any
garbage for a record.
"""
import os

CORES = len(os.sched_getaffinity(0))
OUT = "/tmp/weir-bench-out.%d" % os.getpid()


def duckdb(sql, options="FORMAT csv, HEADER"):
    return ("duckdb", "import duckdb\ncon = duckdb.connect()\ncon.execute('SET threads=%d')\n" % CORES,
            "con.execute(%r)" % ("COPY (%s) TO '%s' (%s)" % (sql, OUT, options)))


def chdb(sql, form="CSVWithNames", settings=""):
    sql += " INTO OUTFILE '%s' TRUNCATE FORMAT %s SETTINGS max_threads=%d%s" % (OUT, form, CORES, settings)
    return ("chdb", "import chdb\n", "chdb.query(%r)" % sql)


def polars(code):
    return ("polars", "import os\nos.environ['POLARS_MAX_THREADS']='%d'\nimport polars as pl\n" % CORES, code)


def lines(path):
    """A text file as DuckDB's table of lines."""
    return ("read_csv('%s', columns={'line':'VARCHAR'}, delim='\\x01', quote='', escape='', header=false, "
            "auto_detect=false)" % path)


def log_fields(path):
    """A combined log as DuckDB's table of its ten fields; no regular expression is as fast."""
    names = ["host", "ident", "user", "t", "zone", "request", "status", "bytes", "referer", "agent"]
    columns = ", ".join("'%s':'VARCHAR'" % n for n in names)
    return ("read_csv('%s', columns={%s}, delim=' ', quote='\"', escape='\\', header=false, auto_detect=false)"
            % (path, columns))


def combined(pipeline, disorder="3s"):
    return ["-i", "combined", "-t", "csv", "-e", """
[source.event_time]
column = "time"
max_out_of_orderness = "%s"
""" % disorder + pipeline]


def words_task(path):
    return {
        "what": "WordCount: lower, split on white space, count per word", "data": path,
        "weir": ["-i", "text", "-t", "csv", "-e", """
[[transform]]
op = "flat_map"
each = "SPLIT_WORDS(LOWER(line))"
as = "word"
[[transform]]
op = "aggregate"
key_by = ["word"]
aggregate = { n = "COUNT(*)" }"""],
        "limit": ["wordcount", path],
        "weir sql": ["-t", "csv", "SELECT word, COUNT(*) AS n FROM '%s' CROSS JOIN UNNEST(SPLIT_WORDS(LOWER(line))) AS t(word) "
                     "GROUP BY word" % path],
        "floors": {"chdb": 1.3, "duckdb": 4, "mawk": 15, "limit": 1.8},
        "duckdb": duckdb("SELECT w, count(*) n FROM (SELECT unnest(string_split(lower(line), ' ')) w FROM %s) "
                         "WHERE w <> '' GROUP BY w" % lines(path)),
        "chdb": chdb("SELECT w, count() n FROM (SELECT arrayJoin(splitByChar(' ', lower(line))) w FROM "
                     "file('%s', 'LineAsString', 'line String')) WHERE w <> '' GROUP BY w" % path),
        "polars": polars("pl.scan_csv(%r, has_header=False, separator='\\x01', quote_char=None, new_columns=['line'])"
                         ".select(pl.col('line').str.to_lowercase().str.split(' ').explode().alias('w'))"
                         ".group_by('w').len().collect(engine='streaming').write_csv('%s')" % (path, OUT)),
        "mawk": ["mawk", '{ $0 = tolower($0); for (i = 1; i <= NF; i++) c[$i]++ } '
                 'END { for (w in c) print w "," c[w] }', path],
    }


def hits_task(path):
    by_minute = "SELECT toStartOfMinute(parseDateTime(t, '%%d/%%b/%%Y:%%H:%%i:%%s')) m, s, count() n FROM "
    return {
        "what": "hits per status per minute of event time", "data": path,
        "weir": combined("""
[window]
type = "tumbling"
size = "1m"
key_by = ["status"]
aggregate = { hits = "COUNT(*)" }"""),
        "limit": ["hits", path],
        "floors": {"duckdb": 5, "chdb": 5, "polars": 5, "mawk": 10, "limit": 3},
        "duckdb": duckdb("SELECT date_trunc('minute', strptime(t, '[%%d/%%b/%%Y:%%H:%%M:%%S')) m, status, count(*) n "
                         "FROM %s GROUP BY ALL" % log_fields(path)),
        "chdb": chdb((by_minute + "(SELECT splitByChar(' ', line) p, substring(p[4], 2) t, p[9] s FROM "
                      "file('%s', 'LineAsString', 'line String')) GROUP BY m, s") % path),
        "chdb cut": chdb("SELECT parseDateTime(m, '%%d/%%b/%%Y:%%H:%%i') t, s, n FROM (SELECT "
                         "substring(line, position(line, '[') + 1, 17) m, "
                         "substring(line, position(line, '\" ') + 2, 3) s, count() n FROM "
                         "file('%s', 'LineAsString', 'line String') GROUP BY m, s)" % path),
        "polars": polars("pl.scan_csv(%r, has_header=False, separator=' ', quote_char='\"', "
                         "new_columns=['h','i','u','t','z','r','s','b','f','a'], schema_overrides={'column_7': pl.Utf8})"
                         ".select(pl.col('t').str.slice(1).str.to_datetime('%%d/%%b/%%Y:%%H:%%M:%%S')"
                         ".dt.truncate('1m'), 's').group_by('t', 's').len().collect(engine='streaming')"
                         ".write_csv('%s')" % (path, OUT)),
        "mawk": ["mawk", '{ c[substr($4, 2, 17) "," $9]++ } END { for (k in c) print k "," c[k] }', path],
    }


def sliding_task(path):
    task = hits_task(path)
    return {
        "what": "the same, 5 minutes every minute", "data": path,
        "weir": combined("""
[window]
type = "sliding"
size = "5m"
slide = "1m"
key_by = ["status"]
aggregate = { hits = "COUNT(*)" }"""),
        # Against our own tumbling windows.
        "weir tumbling": ["weir"] + task["weir"],
        "floors": {"weir tumbling": 1 / 1.3},
        "duckdb": duckdb("SELECT m + to_minutes(i) w, status, sum(n) n FROM (SELECT date_trunc('minute', "
                         "strptime(t, '[%%d/%%b/%%Y:%%H:%%M:%%S')) m, status, count(*) n FROM %s GROUP BY ALL), "
                         "range(-4, 1) r(i) GROUP BY ALL" % log_fields(path)),
    }


def sessions_task(path):
    return {
        "what": "sessions of 30 minutes by client address, 100,000 addresses", "data": path,
        # A query over all rows knows no watermark: with 3s some sessions have ended, rightly, when a record that
        # comes 3 s late begins exactly where they end.
        "weir": combined("""
[window]
type = "session"
gap = "30m"
key_by = ["host"]
aggregate = { hits = "COUNT(*)" }""", "4s"),
        "floors": {"duckdb": 5},
        "duckdb": duckdb("SELECT host, min(ts) a, max(ts) b, count(*) n FROM (SELECT host, ts, sum(fresh) OVER "
                         "(PARTITION BY host ORDER BY ts) session FROM (SELECT host, ts, CASE WHEN ts - lag(ts) OVER "
                         "(PARTITION BY host ORDER BY ts) <= INTERVAL 30 MINUTE THEN 0 ELSE 1 END fresh FROM (SELECT "
                         "host, strptime(t, '[%%d/%%b/%%Y:%%H:%%M:%%S') ts FROM %s))) GROUP BY host, session"
                         % log_fields(path)),
    }


def filter_task(path):
    return {
        "what": "filter amount > 1000, keep 3 of 7 fields", "data": path,
        "weir": ["-i", "json", "-t", "json", "-e", """
[[transform]]
op = "filter"
where = "amount > 1000"
[[transform]]
op = "map"
columns = { id = "id", account = "account", amount = "amount" }"""],
        "limit": ["filter_json", path],
        "weir sql": ["-t", "json", "SELECT id, account, amount FROM '%s' WHERE amount > 1000" % path],
        "floors": {"duckdb": 2.5, "jq": 50, "limit": 3},
        "duckdb": duckdb("SELECT id, account, amount FROM read_json('%s', format='newline_delimited', "
                         "columns={'id':'BIGINT','account':'VARCHAR','amount':'DOUBLE'}) WHERE amount > 1000" % path,
                         "FORMAT json"),
        "chdb": chdb("SELECT id, account, amount FROM file('%s', 'JSONEachRow', 'id Int64, account String, "
                     "amount Float64') WHERE amount > 1000" % path, "JSONEachRow"),
        "polars": polars("pl.scan_ndjson(%r).filter(pl.col('amount') > 1000).select('id', 'account', 'amount')"
                         ".collect(engine='streaming').write_ndjson('%s')" % (path, OUT)),
        "jq": ["jq", "-c", "select(.amount > 1000) | {id, account, amount}", path],
    }


def stations_task(path):
    return {
        "what": "min, mean, max by station (`name;value`)", "data": path,
        "weir": ["-t", "csv", "-e", """
[source]
format = { name = "csv", delimiter = ";", header = false, columns = ["name", "value"] }
[[transform]]
op = "aggregate"
key_by = ["name"]
aggregate = { lowest = "MIN(value)", mean = "MEAN(value)", highest = "MAX(value)" }"""],
        "limit": ["stations", path],
        "floors": {"duckdb": 5, "polars": 4, "mawk": 35, "limit": 2},
        "duckdb": duckdb("SELECT name, min(value), avg(value), max(value) FROM read_csv('%s', delim=';', header=false, "
                         "columns={'name':'VARCHAR','value':'DOUBLE'}, auto_detect=false) GROUP BY name" % path),
        "chdb": chdb("SELECT name, min(value), avg(value), max(value) FROM file('%s', 'CSV', 'name String, "
                     "value Float64') GROUP BY name" % path, settings=", format_csv_delimiter=';'"),
        "polars": polars("pl.scan_csv(%r, has_header=False, separator=';', new_columns=['name','value'])"
                         ".group_by('name').agg(pl.col('value').min().alias('a'), pl.col('value').mean().alias('b'), "
                         "pl.col('value').max().alias('c')).collect(engine='streaming').write_csv('%s')" % (path, OUT)),
        "mawk": ["mawk", "-F;", '{ if (!($1 in n)) { lo[$1] = hi[$1] = $2 } n[$1]++; s[$1] += $2; '
                 'if ($2 < lo[$1]) lo[$1] = $2; if ($2 > hi[$1]) hi[$1] = $2 } '
                 'END { for (k in n) print k "," lo[k] "," s[k] / n[k] "," hi[k] }', path],
    }


def csv_task(path):
    return {
        "what": "sum by category, quoted CSV of 20 columns", "data": path,
        "weir": ["-i", "csv", "-t", "csv", "-e", """
[[transform]]
op = "aggregate"
key_by = ["category"]
aggregate = { total = "SUM(amount)" }"""],
        "limit": ["wide_csv", path],
        "weir sql": ["-t", "csv", "SELECT category, SUM(amount) AS total FROM '%s' GROUP BY category" % path],
        "floors": {"duckdb": 3.5, "polars": 2.2, "limit": 2.5},
        "duckdb": duckdb("SELECT category, sum(amount) FROM read_csv('%s', header=true) GROUP BY category" % path),
        "chdb": chdb("SELECT category, sum(amount) FROM file('%s', 'CSVWithNames', 'category String, amount Float64') "
                     "GROUP BY category" % path),
        "polars": polars("pl.scan_csv(%r).group_by('category').agg(pl.col('amount').sum()).collect(engine='streaming')"
                         ".write_csv('%s')" % (path, OUT)),
        "mlr": ["mlr", "--icsv", "--ocsv", "stats1", "-a", "sum", "-f", "amount", "-g", "category", path],
    }


def grep_task(path):
    return {
        "what": "lines that hold a fixed string, passed on", "data": path,
        "weir": ["-i", "text", "-t", "text", "-e", """
[[transform]]
op = "filter"
where = "line LIKE '%special-offer%'" """],
        "limit": ["grep", path],
        "floors": {"rg": 1.0, "limit": 2.6},
        "rg": ["rg", "--no-mmap", "-N", "-F", "special-offer", path],
        "rg mmap": ["rg", "--mmap", "-N", "-F", "special-offer", path],
        "mawk": ["mawk", "/special-offer/", path],
        "duckdb": duckdb("SELECT line FROM %s WHERE contains(line, 'special-offer')" % lines(path)),
        "chdb": chdb("SELECT line FROM file('%s', 'LineAsString', 'line String') WHERE position(line, "
                     "'special-offer') > 0" % path, "TSVRaw"),
    }


def keys_task(path, order="none"):
    task = {
        "what": "count and sum for 10 million keys in 50 million rows, all written out", "data": path,
        "weir": ["-t", "csv", "-e", """
[source]
format = { name = "csv", header = false, columns = ["key", "value"] }
[[transform]]
op = "aggregate"
order = "%s"
key_by = ["key"]
aggregate = { n = "COUNT(*)", total = "SUM(value)" }""" % order],
        "limit": ["keys", path],
        "floors": {"duckdb": 3, "chdb": 3, "limit": 2.5},
        "duckdb": duckdb("SELECT key, count(*), sum(value) FROM read_csv('%s', header=false, columns={'key':'VARCHAR', "
                         "'value':'BIGINT'}, auto_detect=false) GROUP BY key" % path),
        "chdb": chdb("SELECT key, count(), sum(value) FROM file('%s', 'CSV', 'key String, value Int64') GROUP BY key"
                     % path),
        "polars": polars("pl.scan_csv(%r, has_header=False, new_columns=['key','value']).group_by('key').agg("
                         "pl.len().alias('n'), pl.col('value').sum()).collect(engine='streaming').write_csv('%s')"
                         % (path, OUT)),
    }
    if order == "none":
        task["weir by key"] = ["weir"] + keys_task(path, "key")["weir"]
    return task


def join_task(folder):
    orders, customers = folder + "/orders.csv", folder + "/customers.csv"
    return {
        "what": "10 million orders joined with 1 million customers, sum by region", "data": orders, "files": [],
        "floors": {"duckdb": 0.5},
        "weir": ["-t", "csv", "-e", """
[sources.orders]
path = "%s"
[sources.customers]
path = "%s"
[[transform]]
op = "join"
inputs = ["orders", "customers"]
on = { customer = "id" }
[[transform]]
op = "aggregate"
key_by = ["region"]
aggregate = { n = "COUNT(*)", total = "SUM(amount)" }""" % (orders, customers)],
        "duckdb": duckdb("SELECT region, count(*), sum(amount) FROM read_csv('%s') JOIN read_csv('%s') "
                         "ON customer = id GROUP BY region" % (orders, customers)),
        "polars": polars("pl.scan_csv(%r).join(pl.scan_csv(%r), left_on='customer', right_on='id')"
                         ".group_by('region').agg(pl.len().alias('n'), pl.col('amount').sum())"
                         ".collect(engine='streaming').write_csv('%s')" % (orders, customers, OUT)),
    }


def sort_task(path):
    return {
        "what": "10 million orders sorted by amount, then number", "data": path,
        "weir": ["-i", "csv", "-t", "csv", "-e", """
[[transform]]
op = "sort"
by = "amount, `order`" """],
        "weir sql": ["-t", "csv", "SELECT * FROM '%s' ORDER BY amount, `order`" % path],
        "floors": {},
        "duckdb": duckdb("SELECT * FROM read_csv('%s') ORDER BY amount, \"order\"" % path),
        "chdb": chdb("SELECT * FROM file('%s', 'CSVWithNames', 'order UInt64, customer UInt64, amount Int64') "
                     "ORDER BY amount, order" % path),
        "polars": polars("pl.scan_csv(%r).sort('amount', 'order').collect(engine='streaming').write_csv('%s')"
                         % (path, OUT)),
    }


def disorder_task(path):
    """The customer's number taken for seconds: a year of them, in no order at all."""
    seconds = 366 * 86400
    return {
        "what": "count and sum per hour of a year, 10 million records in no order of time", "data": path,
        "weir": ["-i", "csv", "-t", "csv", "-e", """
[source.event_time]
column = "TO_TIMESTAMP_LTZ(customer %% %d, 0)"
max_out_of_orderness = "366d"
[window]
type = "tumbling"
size = "1h"
aggregate = { n = "COUNT(*)", total = "SUM(amount)" }""" % seconds],
        "floors": {},
        "duckdb": duckdb("SELECT customer %% %d // 3600 AS h, count(*), sum(amount) FROM read_csv('%s') "
                         "GROUP BY h ORDER BY h" % (seconds, path)),
        "chdb": chdb("SELECT intDiv(customer %% %d, 3600) AS h, count(), sum(amount) FROM file('%s', 'CSVWithNames', "
                     "'order UInt64, customer UInt64, amount Int64') GROUP BY h ORDER BY h" % (seconds, path)),
        "polars": polars("pl.scan_csv(%r).group_by((pl.col('customer') %% %d // 3600).alias('h')).agg("
                         "pl.len().alias('n'), pl.col('amount').sum()).sort('h').collect(engine='streaming')"
                         ".write_csv('%s')" % (path, seconds, OUT)),
    }


def tasks(folder):
    """By name, in the order of the README's table."""
    log = folder + "/access.log"
    return {
        "wordcount": words_task(folder + "/words.txt"),
        "hits": hits_task(log),
        "filter": filter_task(folder + "/transactions.json"),
        "stations": stations_task(folder + "/stations.txt"),
        "csv": csv_task(folder + "/wide.csv"),
        "grep": grep_task(log),
        "sliding": sliding_task(log),
        "sessions": sessions_task(log),
        "keys": keys_task(folder + "/keys.csv"),
        "join": join_task(folder),
        "sort": sort_task(folder + "/orders.csv"),
        "disorder": disorder_task(folder + "/orders.csv"),
    }
