"""Stands between a client and a server, and cuts connections or slows them down:

  proxy.py LISTEN TARGET [delay SECONDS] [cut postgres|kafka PERCENT] [refuse CONNECTIONS]

LISTEN and TARGET: a port of 127.0.0.1, or the path of a Unix socket. delay: what the server says comes so much later. cut: of the
requests to commit (COMMIT, EndTxn) so many in a hundred are cut: before the server gets them, at once behind, or when it has
answered, which the client does not hear. refuse: so many connections behind a cut are closed at once. Prints `ready`, and a line for each cut.
"""
import os
import queue
import random
import socket
import struct
import sys
import threading
import time

options = {}
words = sys.argv[3:]
while words:
    size = 3 if words[0] == "cut" else 2
    options[words[0]], words = words[1:size], words[size:]
DELAY = float(options.get("delay", ["0"])[0])
KIND, PERCENT = options.get("cut", ["", "0"])
REFUSE = int(options.get("refuse", ["0"])[0])
random = random.Random(1)
to_refuse = 0
lock = threading.Lock()


def open_socket(place):
    return socket.socket(socket.AF_UNIX if place.startswith("/") else socket.AF_INET)


def address(place):
    return place if place.startswith("/") else ("127.0.0.1", int(place))


class Connection:
    def __init__(self, client, server):
        self.client, self.server = client, server
        self.swallow = False
        self.late = queue.Queue()
        for work in (self.requests, self.answers, self.send_late):
            threading.Thread(target=work, daemon=True).start()

    def close(self):
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self, how):
        global to_refuse
        with lock:
            to_refuse = REFUSE
            print("cut", how, flush=True)
        self.close()

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.client.recv(size - len(data))
            if not more:
                raise OSError("closed")
            data += more
        return data

    def frame(self, first):
        """One request: its bytes, and whether it asks to commit."""
        if KIND == "":
            data = self.client.recv(65536)
            if not data:
                raise OSError("closed")
            return data, False
        kind = b"" if KIND == "kafka" or first else self.exactly(1)
        size = self.exactly(4)
        left = struct.unpack(">i", size)[0] - (0 if KIND == "kafka" else 4)
        rest = self.exactly(left)
        if KIND == "kafka":
            return size + rest, rest[:2] == b"\x00\x1a"
        return kind + size + rest, kind == b"Q" and rest == b"COMMIT\0"

    def requests(self):
        first = True
        try:
            while True:
                data, commits = self.frame(first)
                first = False
                how = random.choice(("before", "at once", "behind")) if commits else ""
                if not commits or random.random() * 100 >= float(PERCENT):
                    self.server.sendall(data)
                elif how == "before":
                    return self.cut(how)
                else:
                    self.swallow = how == "behind"
                    self.server.sendall(data)
                    if how == "at once":
                        return self.cut(how)
        except OSError:
            self.close()

    def answers(self):
        try:
            while True:
                data = self.server.recv(65536)
                if not data:
                    break
                if self.swallow:
                    return self.cut("behind")
                self.late.put((time.monotonic() + DELAY, data))
        except OSError:
            pass
        self.late.put((0, b""))

    def send_late(self):
        try:
            while True:
                at, data = self.late.get()
                if not data:
                    break
                time.sleep(max(0, at - time.monotonic()))
                self.client.sendall(data)
        except OSError:
            pass
        self.close()


listener = open_socket(sys.argv[1])
if sys.argv[1].startswith("/"):
    if os.path.exists(sys.argv[1]):
        os.unlink(sys.argv[1])
else:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(address(sys.argv[1]))
listener.listen(64)
print("ready", flush=True)
while True:
    client, _ = listener.accept()
    server = open_socket(sys.argv[2])
    try:
        with lock:
            to_refuse -= 1
            if to_refuse >= 0:
                raise OSError("refused")
        server.connect(address(sys.argv[2]))
    except OSError:
        client.close()
        continue
    for end in (client, server):
        if end.family == socket.AF_INET:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Connection(client, server)
