"""Appends lines to a followed file and waits for each on weir's stdout:  follow_latency.py WEIR. Prints the median in ms."""
import os
import statistics
import subprocess
import sys
import tempfile
import time

LINES = 200

with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
    path = os.path.join(folder, "app.log")
    log = open(path, "a", buffering=1)
    log.write('{"id":-1}\n')
    run = subprocess.Popen([sys.argv[1], "run", "-q", "-F", "-i", "json", "-t", "json", "-e",
                            '[source.schema]\nid = "BIGINT"\n', path], stdout=subprocess.PIPE)
    run.stdout.readline()
    took = []
    for i in range(LINES):
        time.sleep(0.013 + i % 7 * 0.005)
        start = time.monotonic()
        log.write('{"id":%d}\n' % i)
        line = run.stdout.readline()
        took.append((time.monotonic() - start) * 1000)
        if line != b'{"id":%d}\n' % i:
            sys.exit("line %d came as %r" % (i, line))
    run.terminate()
    run.wait()
    print("%.2f" % statistics.median(took))
