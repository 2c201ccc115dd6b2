"""Files that fastavro and msgpack write are read by weir and written again; they read the same values back."""
import datetime
import decimal
import io
import subprocess
import sys

import fastavro
import msgpack

WEIR = sys.argv[1]
UTC = datetime.timezone.utc
failures = 0


def expect(what, wanted, got):
    global failures
    if wanted != got:
        failures += 1
        print("FAIL %s\n--- expected\n%.300r\n--- got\n%.300r" % (what, wanted, got))


def weir(*arguments, input=None):
    run = subprocess.run([WEIR, "run", "-q", *arguments], input=input, capture_output=True)
    expect("weir %s" % " ".join(arguments), (0, b""), (run.returncode, run.stderr))
    return run.stdout


SCHEMA = {"type": "record", "name": "r", "namespace": "a.b", "fields": [
    {"name": "id", "type": "long"}, {"name": "i", "type": ["null", "int"]}, {"name": "f", "type": "float"},
    {"name": "d", "type": ["double", "null"]}, {"name": "s", "type": "string"}, {"name": "b", "type": "bytes"},
    {"name": "fx", "type": {"type": "fixed", "name": "f4", "size": 4}},
    {"name": "e", "type": {"type": "enum", "name": "col", "symbols": ["RED", "GREEN"]}},
    {"name": "e2", "type": ["null", "col"]},
    {"name": "dec", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 3}},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "tm", "type": {"type": "long", "logicalType": "time-micros"}},
    {"name": "ms", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "us", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
    {"name": "lus", "type": {"type": "long", "logicalType": "local-timestamp-micros"}},
    {"name": "arr", "type": {"type": "array", "items": ["null", "int"]}},
    {"name": "m", "type": {"type": "map", "values": "double"}},
    {"name": "sub", "type": {"type": "record", "name": "sub", "fields": [
        {"name": "x", "type": "int"}, {"name": "y", "type": ["null", "string"]}]}},
    {"name": "sub2", "type": ["null", "sub"]}]}


def avro_row(i):
    return dict(id=i - 2, i=None if i % 2 else i, f=0.5, d=i * 0.1, s="s%d" % i * (i % 50), b=bytes([i % 256, 255]),
                fx=b"abcd", e="RED", e2=None if i % 3 else "GREEN", dec=decimal.Decimal(i - 5) * decimal.Decimal("1234567.125"),
                day=datetime.date(2024, 1, 31), tm=datetime.time(1, 2, 3, 456000),
                ms=datetime.datetime(2023, 11, 14, 22, 13, 20, 123000, UTC),
                us=datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), lus=datetime.datetime(2024, 1, 31, 10, 0, 0, 5),
                arr=[1, None, i], m={"k": 1.5}, sub={"x": i, "y": None}, sub2={"x": 1, "y": "z"} if i % 2 else None)


rows = [avro_row(i) for i in range(2000)]
for codec in ("null", "deflate", "bzip2", "xz", "zstandard"):
    try:
        packed = io.BytesIO()
        fastavro.writer(packed, SCHEMA, rows, codec=codec, sync_interval=5000)
    except ValueError as missing:
        print("avro, %s: not tried, %s" % (codec, missing))
        continue
    again = weir("-e", "[sink]\nformat = { name = 'avro', codec = '%s' }" % codec, "-", input=packed.getvalue())
    reader = fastavro.reader(io.BytesIO(again))
    expect("avro, %s" % codec, rows, list(reader))
    expect("avro, the codec", codec, reader.codec)

rows = [{"id": i - 1000, "big": 2 ** 62 + i, "x": i * 0.5 + 0.25, "s": "z" * i, "b": bytes([i % 256]) * (i % 300), "ok": i % 2 == 0,
         "t": msgpack.Timestamp(i * 10 ** 8 - 5, i * 1000), "n": None if i % 3 else i, "list": [i, None, -i],
         "in": {"k": i, "l": "v"}} for i in range(1000)]
packed = b"".join(msgpack.packb(row) for row in rows)
again = weir("-t", "msgpack", "-e", "", "-", input=packed)
expect("msgpack", rows, list(msgpack.Unpacker(io.BytesIO(again), strict_map_key=False)))
sys.exit(1 if failures else 0)
