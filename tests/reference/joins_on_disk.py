#!/usr/bin/env python3
"""Random joins over random small inputs: with all state on the disk they must give what they give in memory.

joins_on_disk.py WEIR FIRST COUNT [--show]

Each seed makes two inputs and a join: of streams, of bounded inputs, with `within`, temporal, in windows. It runs in
memory; then with its state on the disk between any two blocks, at once and, where it takes checkpoints, stopped in the
middle and gone on with. The bytes must be the same.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile

import seeds

ON_DISK = ["--set", "runtime.state_limit=1B", "--set", "runtime.block_size=48B"]


def write_rows(rnd, path, time, value):
    now = 1_000_000
    with open(path, "w") as out:
        out.write(f"{time},k,j,{value}\n")
        for n in range(rnd.choice([0, 5, 40, 150])):
            now += rnd.choice([0, 0, 1, 1, 2, 5, 40])
            at = now - rnd.choice([0, 0, 0, 3, 12])
            k = rnd.choice(["", "a", "b", "c", "d", "e", f"x{rnd.randrange(30)}"])
            out.write(f"{at},{k},{rnd.choice(['', '1', '2'])},{rnd.randrange(20)}\n")


def source(name, time, delay):
    return (f'[sources.{name}]\npath = "{name}.csv"\nformat = "csv"\n'
            f'[sources.{name}.schema]\n{time} = "BIGINT"\nk = "STRING"\nj = "BIGINT"\n'
            f'{"v" if name == "l" else "w"} = "BIGINT"\n'
            f'[sources.{name}.event_time]\ncolumn = "{time}"\nformat = "epoch_s"\n'
            f'max_out_of_orderness = "{delay}s"\n')


def pipeline(rnd):
    kind = rnd.choice(["stream", "stream", "bounded", "interval", "temporal", "window", "session"])
    pairs = ["inner", "left", "right", "full"]
    text = 'mode = "streaming"\n' if kind == "stream" else ""
    delay = rnd.choice([0, 4, 15])
    text += source("l", "t", delay) + source("r", "s", delay)
    inputs = ["l", "r"]
    both = rnd.random() < 0.4
    on = '["k", "j"]' if both else '["k"]'
    if not both or kind == "stream":
        # The other key would be there twice.
        both = both and kind != "stream"
        on = on if both else '["k"]'
        text += '[[transform]]\nop = "rename"\ninput = "r"\nname = "r2"\ncolumns = { i = "j" }\n'
        inputs[1] = "r2"
    if kind == "stream" and rnd.random() < 0.5:
        text += ('[[transform]]\nop = "aggregate"\ninput = "l"\nname = "l2"\nkey_by = ["k"]\n'
                 'aggregate = { n = "COUNT(*)", v = "MAX(v)" }\n')
        inputs[0] = "l2"
    names = ", ".join(f'"{i}"' for i in inputs)
    step = f"[[transform]]\ninputs = [{names}]\non = {on}\n"
    where = ""
    if rnd.random() < 0.4:
        where = 'where = "v < w"\n'
    if kind in ("stream", "bounded", "interval"):
        join = rnd.choice(pairs + ["semi", "anti"])
        step += 'op = "join"\n'
        if kind == "bounded":
            join = rnd.choice([join, "mark"])
            if join == "mark":
                step += 'as = "found"\n'
            if join in ("anti", "mark") and rnd.random() < 0.5:
                step += "null_aware = true\n"
        if kind == "interval":
            step += rnd.choice(['within = { lower = "-10s", upper = "30s" }\n',
                                'within = { lower = "5s", upper = "60s" }\n',
                                'within = { lower = "-40s", upper = "-2s" }\n'])
        step += f'join = "{join}"\n{where}'
    elif kind == "temporal":
        step += f'op = "temporal_join"\njoin = "{rnd.choice(["inner", "left"])}"\n'
    else:
        step += f'op = "window_join"\njoin = "{rnd.choice(pairs + ["semi", "anti"])}"\n'
        if kind == "session":
            step += f'type = "session"\ngap = "{rnd.choice([2, 10, 50])}s"\n'
        else:
            step += rnd.choice(['type = "tumbling"\nsize = "20s"\n',
                                'type = "sliding"\nsize = "30s"\nslide = "10s"\n',
                                'type = "sliding"\nsize = "10s"\nslide = "25s"\n',
                                'type = "cumulate"\nsize = "60s"\nstep = "20s"\n'])
    return text + step + '[sink]\nformat = "print"\n'


def run(weir, folder, args):
    done = subprocess.run([weir, "run", "-q"] + args + ["job.toml"], cwd=folder, capture_output=True,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr.decode()


def check(weir, seed, show):
    rnd = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        write_rows(rnd, os.path.join(folder, "l.csv"), "t", "v")
        write_rows(rnd, os.path.join(folder, "r.csv"), "s", "w")
        text = pipeline(rnd)
        with open(os.path.join(folder, "job.toml"), "w") as out:
            out.write(text)
        if show:
            print(text)
        code, wanted, error = run(weir, folder, ["-p", "1"])
        if code != 0:
            return [f"seed {seed}: exit {code} in memory\n{text}{error}"]
        code, got, error = run(weir, folder, ["-p", "1", "--set", "runtime.block_size=48B"])
        if code != 0 or got != wanted:
            return [f"seed {seed}: exit {code} with small blocks\n{text}{error}--- in memory\n"
                    f"{wanted.decode()}--- with small blocks\n{got.decode()}"]
        code, got, error = run(weir, folder, ["-p", "2"] + ON_DISK)
        if code != 0 or got != wanted:
            return [f"seed {seed}: exit {code} on the disk\n{text}{error}--- in memory\n"
                    f"{wanted.decode()}--- on the disk\n{got.decode()}"]
        # A source that ends holds the other back no longer, and one that is only stopped does: so what comes late, and
        # when rows come, need not be as in one run. It is the same in memory.
        stop = str(rnd.randrange(1, 2000))
        parts = []
        for state, second in [(ON_DISK[2:], "1"), (ON_DISK, "4")]:
            shutil.rmtree(os.path.join(folder, "state"), ignore_errors=True)
            state = state + ["--set", "checkpoint.dir=state", "--set", "checkpoint.delivery=at_least_once"]
            code, before, error = run(weir, folder, state + ["-p", "2", "--set", f"checkpoint.stop_after={stop}"])
            if code == 2 and "[checkpoint]" in error:
                return []
            code, after, more = run(weir, folder, state + ["-p", second, "--drain"])
            if code != 0:
                return [f"seed {seed}: exit {code}, stopped after {stop} bytes\n{text}{error}{more}"]
            parts.append((before + after).decode())
        if parts[0] != parts[1]:
            return [f"seed {seed}: stopped after {stop} bytes\n{text}--- in memory\n{parts[0]}"
                    f"--- on the disk\n{parts[1]}"]
    return []


if __name__ == "__main__":
    sys.exit(seeds.run(check, "joins"))
