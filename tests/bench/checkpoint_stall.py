#!/usr/bin/env python3
"""How long a checkpoint of large state holds up the stream.

    tests/bench/checkpoint_stall.py WEIR [STATE_MB] [SECONDS]

Fills the state of a keyed reduce with so many megabytes, then sends rows at a steady pace that change 1 % of the keys between
two checkpoints. Every millisecond one of them is a probe with the time in it, which comes out again at once; how late it does is
what is printed, beside the same without checkpoints.
"""
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

KEY_BYTES = 400  # of state, about: the key, a text of 256 bytes, a number, what tables need
INTERVAL_S = 4
PIPELINE = """
name = "stall"
mode = "streaming"
[source]
path = "in"
format = "csv"
[source.schema]
k = "STRING"
v = "STRING"
n = "BIGINT"
[[transform]]
op = "reduce"
key_by = ["k"]
reduce = { v = "b.v", n = "a.n + b.n" }
[[transform]]
op = "filter"
where = "k = 'probe'"
[sink]
type = "stdout"
format = "csv"
[runtime]
parallelism = 2
"""
CHECKPOINT = """
[checkpoint]
dir = "state"
interval = "%ds"
delivery = "at_least_once"
""" % INTERVAL_S


def measure(weir, folder, keys, seconds, checkpoints):
    os.chdir(folder)
    if not os.path.exists("in"):
        os.mkfifo("in")
    with open("p.toml", "w") as f:
        f.write(PIPELINE + (CHECKPOINT if checkpoints else ""))
    run = subprocess.Popen([weir, "run", "-q", "p.toml"], stdout=subprocess.PIPE)
    delays = []
    made = set()
    measuring = threading.Event()

    def read():
        for line in run.stdout:
            if not line.startswith(b"probe,") or not measuring.is_set():
                continue
            sent = int(line.split(b",")[1])
            delays.append((time.monotonic_ns() - sent) / 1e6)

    reader = threading.Thread(target=read)
    reader.start()
    text = "x" * 256
    with open("in", "w") as stream:
        stream.write("k,v,n\n")
        for i in range(keys):
            stream.write(f"key-{i:012d},{text},1\n")
        stream.flush()
        # What was made while the state grew does not count.
        time.sleep(INTERVAL_S * 2)
        measuring.set()
        changed_per_ms = max(1, keys // 100 // (INTERVAL_S * 1000))
        start = time.monotonic()
        tick = 0
        while time.monotonic() - start < seconds:
            rows = [f"key-{random.randrange(keys):012d},{text},1\n" for _ in range(changed_per_ms)]
            rows.append(f"probe,{time.monotonic_ns()},1\n")
            stream.write("".join(rows))
            stream.flush()
            tick += 1
            ahead = start + tick / 1000 - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            if checkpoints and tick % 200 == 0:
                made.update(f for f in os.listdir("state") if f.startswith("ckpt-"))
    run.wait()
    reader.join()
    size = max((os.path.getsize("state/" + f) for f in os.listdir("state")), default=0) if checkpoints else 0
    delays.sort()
    return delays, len(made), size


def told(name, delays):
    at = lambda q: delays[min(len(delays) - 1, int(len(delays) * q))]
    print(f"{name:24} p50 {at(0.5):8.2f} ms   p99 {at(0.99):8.2f} ms   p99.9 {at(0.999):8.2f} ms   "
          f"longest {delays[-1]:8.2f} ms   ({len(delays)} probes)")


def main():
    weir = os.path.abspath(sys.argv[1])
    keys = int(sys.argv[2] if len(sys.argv) > 2 else "1024") * (1 << 20) // KEY_BYTES
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 30
    with tempfile.TemporaryDirectory(prefix="weir-stall-") as folder:
        delays, _, _ = measure(weir, folder, keys, seconds, False)
        told("without checkpoints", delays)
        delays, made, size = measure(weir, folder, keys, seconds, True)
        told("with checkpoints", delays)
        print(f"{made} checkpoints of {size / (1 << 20):.0f} MB, {keys} keys, 1 % of them changed between two")


main()
