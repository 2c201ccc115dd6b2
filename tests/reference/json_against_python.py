"""Random JSON, good and damaged, read by weir and by Python's json (RELIABILITY: E17):  json_against_python.py WEIR SEED LINES

A line is a good record for both or for none, and the values of the columns are the same. Not compared: what Python takes and JSON
does not have (NaN, Infinity), halves of surrogate pairs (bad records here), equal keys, integers that a BIGINT does not hold.
"""
import json
import math
import random
import subprocess
import sys

WEIR, SEED, LINES = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(SEED)
LETTERS = ["a", "é", "😀", "\u2028", "\"", "\\", "/", "\b", "\n", "\t", "\u0001", "\u007f", " ", "{", "[", ",", ":", "null", "\ufeff"]


def text():
    return "".join(random.choice(LETTERS) for _ in range(random.randrange(6)))


def quoted(value):
    out = '"'
    for c in value:
        plain = json.dumps(c, ensure_ascii=random.random() < 0.5)[1:-1]
        out += "\\/" if c == "/" and random.random() < 0.5 else plain
    return out + '"'


def number():
    return random.choice([
        str(random.randrange(-9, 10)), str(random.randrange(-2 ** 63, 2 ** 63)), repr(random.uniform(-1, 1)),
        "%.17g" % random.uniform(-1e300, 1e300), "%de%d" % (random.randrange(10), random.randrange(-330, 300)), "0.0", "-0", "1E+2",
        "0.1e-7"])


def value(depth):
    kind = random.randrange(8 if depth < 4 else 5)
    if kind < 2:
        return number()
    if kind == 2:
        return quoted(text())
    if kind < 5:
        return random.choice(["true", "false", "null"])
    items = [value(depth + 1) for _ in range(random.randrange(4))]
    if kind < 7:
        return "[" + space() + ("," + space()).join(items) + space() + "]"
    return "{" + ",".join(quoted("x%d" % i) + space() + ":" + space() + v for i, v in enumerate(items)) + "}"


def space():
    return random.choice(["", "", "", " ", "\t", "  "])


def line():
    parts = {"s": random.choice(["null", quoted(text())]), "i": random.choice(["null", str(random.randrange(-2 ** 63, 2 ** 63))]),
             "d": random.choice(["null", number()]), "b": random.choice(["true", "false", "null"]), "any": value(0)}
    keys = [k for k in parts if random.random() < 0.9]
    random.shuffle(keys)
    out = "{" + space() + ("," + space()).join('"%s"%s:%s%s' % (k, space(), space(), parts[k]) for k in keys) + space() + "}"
    for _ in range(random.randrange(3) if random.random() < 0.3 else 0):  # damage
        at = random.randrange(len(out))
        out = out[:at] + random.choice(["", ",", "}", "\"", "0", "-", "\\", "e", ".", "\u0001", "tru"]) + out[at + random.randrange(2):]
    return out


def refuse(name):
    raise ValueError(name)


def unique(pairs):
    if len({k for k, _ in pairs}) < len(pairs):
        raise KeyError("equal keys")
    return dict(pairs)


def expected(out):
    """The row, None for a bad record, or () where it is not compared."""
    try:
        row = json.loads(out, parse_constant=refuse, object_pairs_hook=unique)
    except KeyError:
        return ()
    except ValueError:
        return None
    if any("\ud800" <= c <= "\udfff" for c in json.dumps(row, ensure_ascii=False)):
        return ()
    if not isinstance(row, dict):
        return None
    s, i, d, b = (row.get(k) for k in "sidb")
    right = (s is None or isinstance(s, str)) and (b is None or isinstance(b, bool))
    right = right and (d is None or (isinstance(d, (int, float)) and not isinstance(d, bool)))
    if not right or (i is not None and (isinstance(i, bool) or not isinstance(i, int) or not -2 ** 63 <= i < 2 ** 63)):
        return ()  # what other types become is for other tests
    try:
        d = None if d is None else float(d)
    except OverflowError:
        return ()
    return () if d is not None and math.isinf(d) else (s, i, d, b)


lines = [line() for _ in range(LINES)]
pipeline = """[source]
format = "json"
[source.schema]
s = "STRING"
i = "BIGINT"
d = "DOUBLE"
b = "BOOLEAN"
"""
wanted = [(out, expected(out)) for out in lines]
wanted = [(out, row) for out, row in wanted if row != ()]
failures = 0


def rows(outs):
    run = subprocess.run([WEIR, "run", "-q", "-t", "json", "--on-error", "skip", "-e", pipeline, "-"],
                         input="".join(out + "\n" for out in outs).encode(), capture_output=True)
    if run.returncode != 0:
        print("FAIL exit code %d: %s" % (run.returncode, run.stderr.decode()))
    return [tuple(json.loads(text).get(k) for k in "sidb") for text in run.stdout.decode().split("\n") if text]


def same(a, b):
    return len(a) == len(b) and all(
        x[0] == y[0] and x[1] == y[1] and x[3] == y[3] and (x[2] is None) == (y[2] is None) and (x[2] is None or float(x[2]) == float(y[2]))
        for x, y in zip(a, b))


# All at once, for blocks and vectors; where that differs, the line that does.
def compare(part):
    global failures
    got = rows([out for out, _ in part])
    if same([row for _, row in part if row is not None], got):
        return
    if len(part) == 1:
        failures += 1
        print("FAIL %r\n--- Python\n%r\n--- weir\n%r" % (part[0][0], part[0][1], got))
        return
    if failures < 5:
        compare(part[:len(part) // 2])
        compare(part[len(part) // 2:])


compare(wanted)
bad = sum(row is None for _, row in wanted)
print("%d lines, %d of them bad, %d not compared, %d failed" % (LINES, bad, LINES - len(wanted), failures))
sys.exit(1 if failures else 0)
