#!/usr/bin/env python3
"""Writes access.log, transactions.json, actions.csv and payments.json beside this file, always the same bytes.

access.log: 2,000 lines in Apache's combined format, 10 minutes of one morning; up to 3 s out of order; 12
lines far too late; 8 malformed ones.
"""
import os
import random
import time

here = os.path.dirname(os.path.abspath(__file__))
rng = random.Random(20240131)

START = 1706695200  # 2024-01-31 10:00:00 UTC
URLS = ["/", "/index.html", "/about", "/cart", "/checkout", "/login", "/search?q=weir",
        "/search?q=flow&page=2", "/static/app.js", "/static/app.css", "/img/logo.png",
        "/api/items", "/api/items?id=7", "/api/orders", "/feed.xml"]
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64) Firefox/121.0", "curl/8.4.0", "Googlebot/2.1",
          "Mozilla/5.0 \\\"quoted\\\" agent"]
REFERERS = ["-", "https://example.org/", "https://example.com/search?q=a"]


def stamp(second):
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(second))


lines = []
for i in range(2000):
    second = START + i * 600 // 2000
    late = i in range(300, 2000, 150)
    if late:
        second -= 240
    else:
        second -= rng.choice([0, 0, 0, 1, 2, 3])
    status = rng.choices([200, 301, 304, 404, 500, 503], [80, 3, 6, 8, 2, 1])[0]
    size = "-" if status == 304 else str(rng.randrange(120, 60000))
    lines.append('10.0.%d.%d - %s [%s] "%s %s HTTP/1.1" %d %s "%s" "%s"' % (
        rng.randrange(4), rng.randrange(1, 250), rng.choice(["-", "-", "-", "ada", "bob"]),
        stamp(second), rng.choices(["GET", "POST", "HEAD"], [90, 8, 2])[0],
        rng.choice(URLS), status, size, rng.choice(REFERERS), rng.choice(AGENTS)))
for k, bad in enumerate(['not a log line', '10.0.0.1 - - [no time] "GET / HTTP/1.1" 200 12 "-" "-"',
                         '10.0.0.1 - - [31/Jan/2024:10:05:00 +0000] "GET / HTTP/1.1" two 12 "-" "-"',
                         '10.0.0.1 - - [31/Jan/2024:10:05:00 +0000] "GET /unclosed',
                         '10.0.0.1 - - [32/Jan/2024:10:05:00 +0000] "GET / HTTP/1.1" 200 12 "-" "-"',
                         '{"json": true}', '10.0.0.1', '10.0.0.1 - - []']):
    lines[200 * k + 117] = bad
with open(os.path.join(here, "access.log"), "w") as f:
    f.write("\n".join(lines) + "\n")

with open(os.path.join(here, "transactions.json"), "w") as f:
    for i in range(500):
        f.write('{"id":%d,"time":"2024-01-31T10:%02d:%02d.%03dZ","account":"acc-%03d","amount":%.2f,'
                '"currency":"%s","merchant":{"name":"shop %d","country":"%s"},"tags":[%s]}\n' % (
                    i, i // 60, i % 60, rng.randrange(1000), rng.randrange(40),
                    rng.choice([rng.uniform(0.5, 80), rng.uniform(80, 900), rng.uniform(900, 5000)]),
                    rng.choice(["EUR", "USD", "GBP"]), rng.randrange(25),
                    rng.choice(["DE", "FR", "US", "GB"]),
                    ",".join('"%s"' % t for t in rng.sample(["card", "online", "night", "new"],
                                                            rng.randrange(3)))))

with open(os.path.join(here, "actions.csv"), "w") as f:
    f.write("user_id,item_id,action,time\n")
    for i in range(800):
        f.write("%d,%d,%s,2024-01-31 10:%02d:%02d\n" % (
            rng.randrange(1, 26), min(int(rng.expovariate(0.12)) + 1, 60),
            rng.choices(["view", "click", "buy"], [70, 22, 8])[0], i // 60, i % 60))

# Card payments in which stolen cards are tried with a small amount first: numbers of their own, so that
# the files above stay as they are.
rng = random.Random(20240201)
with open(os.path.join(here, "payments.json"), "w") as f:
    second = 0.0
    tried = {}  # account -> when its card was tried
    for i in range(400):
        second += rng.choice([0.2, 1.1, 2.6, 4.9])
        account = rng.randrange(30)
        amount = rng.choice([rng.uniform(2, 80), rng.uniform(80, 490), rng.uniform(510, 3000)])
        if tried and rng.random() < 0.12:  # the thief comes back, not always within a minute
            account = rng.choice(sorted(tried))
            amount = rng.uniform(510, 3000)
            del tried[account]
        elif rng.random() < 0.08:
            amount = rng.uniform(0.1, 0.99)
            tried[account] = second
        ms = int(second * 1000) - rng.choice([0, 0, 0, 400, 1900])  # up to 2 s out of order
        f.write('{"id":%d,"time":"2024-02-01T09:%02d:%02d.%03dZ","account":"acc-%03d","amount":%.2f}\n'
                % (i, ms // 60000, ms // 1000 % 60, ms % 1000, account, amount))
