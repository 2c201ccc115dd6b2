"""Sends lines of JSON to a pipeline that listens:  send_lines.py WEIR PIPELINE PORT. Prints GB a minute, from the first
byte sent until weir has ended."""
import os
import random
import socket
import subprocess
import sys
import threading
import time

CONNECTIONS = 8
TOTAL = 2 << 30


def chunk(seed):
    """Whole lines of about a megabyte."""
    rng = random.Random(seed)
    lines = ['{"id":%d,"status":%d,"path":"%s/%d","agent":"%s"}\n'
             % (i, rng.choice((200, 200, 200, 304, 404, 500, 503)), rng.choice(("/api", "/img", "/")), i, "Mozilla/5.0 " * 4)
             for i in range(9000)]
    return "".join(lines).encode()


def send(port, data, times):
    for _ in range(200):
        try:
            peer = socket.create_connection(("127.0.0.1", port))
            break
        except OSError:
            time.sleep(0.02)
    for _ in range(times):
        peer.sendall(data)
    peer.shutdown(socket.SHUT_WR)
    peer.recv(1)
    peer.close()


weir, pipeline, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
chunks = [chunk(i) for i in range(CONNECTIONS)]
times = TOTAL // CONNECTIONS // len(chunks[0])
run = subprocess.Popen([weir, "run", "-q", pipeline])
# The first connection alone would end the run when it is over: all begin before any ends.
start = time.monotonic()
threads = [threading.Thread(target=send, args=(port, c, times)) for c in chunks]
for t in threads:
    t.start()
code = run.wait()
seconds = time.monotonic() - start
if code != 0:
    sys.exit("weir ended with %d" % code)
for t in threads:
    t.join()
sent = sum(len(c) * times for c in chunks)
print("%.2f" % (sent / 1e9 / seconds * 60))
