#!/usr/bin/env python3
"""Random queries over random small tables: weir sql must give what SQLite gives.

  sql_against_sqlite.py WEIR FIRST_SEED SEEDS [--show]

The queries keep to what both mean alike: whole numbers and texts, no division, NULLs everywhere. Each runs
with the optimiser on and off and with blocks of both sizes. A difference is printed with the seed, and is
found again by that seed alone.
"""
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile

import seeds

TABLES = {
    "a": [("id", "INT"), ("k", "STRING"), ("v", "INT"), ("w", "INT")],
    "b": [("bid", "INT"), ("bk", "STRING"), ("x", "INT")],
    "c": [("cid", "INT"), ("y", "INT")],
}


class Rows:
    """Random rows of all tables; texts and numbers from few values, so that they meet."""

    def __init__(self, rnd):
        self.rows = {}
        for name, columns in TABLES.items():
            rows = []
            for i in range(rnd.choice([0, 1, 3, 8, 20, 40])):
                row = []
                for column, kind in columns:
                    if rnd.random() < 0.12:
                        row.append(None)
                    elif kind == "STRING":
                        row.append(rnd.choice(["p", "q", "r", "s", ""]))
                    else:
                        row.append(rnd.randint(-3, 9))
                rows.append(row)
            self.rows[name] = rows

    def write(self, folder):
        for name, columns in TABLES.items():
            with open(os.path.join(folder, name + ".json"), "w") as out:
                for row in self.rows[name]:
                    out.write(json.dumps(dict(zip([c for c, _ in columns], row))) + "\n")

    def database(self):
        db = sqlite3.connect(":memory:")
        db.execute("PRAGMA case_sensitive_like = ON")  # as LIKE is by the standard
        for name, columns in TABLES.items():
            kinds = ", ".join(f"{c} {'TEXT' if t == 'STRING' else 'INTEGER'}" for c, t in columns)
            db.execute(f"CREATE TABLE {name} ({kinds})")
            marks = ", ".join("?" for _ in columns)
            db.executemany(f"INSERT INTO {name} VALUES ({marks})", self.rows[name])
        return db


def script(query):
    """The query behind the tables that it may read."""
    out = []
    for name, columns in TABLES.items():
        kinds = ", ".join(f"{c} {t}" for c, t in columns)
        out.append(f"CREATE TABLE {name} ({kinds}) WITH ('connector' = 'filesystem', "
                   f"'path' = '{name}.json', 'format' = 'json');")
    return "\n".join(out) + "\n" + query + ";\n"


class Query:
    """A random query. `scope` is a list of (name, kind) that expressions may use."""

    def __init__(self, rnd):
        self.rnd = rnd
        self.depth = 0
        self.aliases = 0

    def pick(self, *choices):
        return self.rnd.choice(choices)

    def alias(self):
        self.aliases += 1
        return f"t{self.aliases}"

    # --- expressions ---

    def number(self, scope, depth=0):
        numbers = [n for n, t in scope if t == "INT"]
        r = self.rnd.random()
        if depth > 2 or r < 0.45:
            return self.rnd.choice(numbers) if numbers and self.rnd.random() < 0.8 else str(
                self.rnd.randint(0, 9))
        a = self.number(scope, depth + 1)
        if r < 0.70:
            return f"({a} {self.pick('+', '-', '*')} {self.number(scope, depth + 1)})"
        if r < 0.78:
            return f"COALESCE({a}, {self.number(scope, depth + 1)})"
        if r < 0.84:
            return f"ABS({a})"
        if r < 0.90:
            return f"NULLIF({a}, {self.number(scope, depth + 1)})"
        return (f"CASE WHEN {self.condition(scope, depth + 2)} THEN {a} "
                f"ELSE {self.number(scope, depth + 1)} END")

    def text(self, scope, depth=0):
        texts = [n for n, t in scope if t == "STRING"]
        if texts and self.rnd.random() < 0.7:
            base = self.rnd.choice(texts)
        else:
            base = self.pick("'p'", "'q'", "'zz'")
        if depth > 1 or self.rnd.random() < 0.7:
            return base
        return self.pick(f"UPPER({base})", f"({base} || {self.text(scope, depth + 1)})",
                         f"COALESCE({base}, 'none')")

    def condition(self, scope, depth=0):
        r = self.rnd.random()
        if depth < 2 and r < 0.25:
            return (f"({self.condition(scope, depth + 1)} {self.pick('AND', 'OR')} "
                    f"{self.condition(scope, depth + 1)})")
        if depth < 2 and r < 0.32:
            return f"NOT ({self.condition(scope, depth + 1)})"
        if r < 0.62:
            op = self.pick("=", "<>", "<", "<=", ">", ">=")
            return f"{self.number(scope, 1)} {op} {self.number(scope, 2)}"
        if r < 0.72:
            return f"{self.text(scope, 1)} {self.pick('=', '<>', '<')} {self.text(scope, 1)}"
        if r < 0.80:
            name = self.rnd.choice(scope)[0]
            return f"{name} IS {self.pick('', 'NOT ')}NULL"
        if r < 0.88:
            return f"{self.number(scope, 1)} {self.pick('', 'NOT ')}IN (1, 2, 5)"
        if r < 0.94:
            return f"{self.number(scope, 1)} BETWEEN 0 AND {self.number(scope, 2)}"
        return f"{self.text(scope, 1)} LIKE {self.pick(chr(39) + '%p%' + chr(39), chr(39) + '_' + chr(39))}"

    def subquery_condition(self, scope):
        """IN and EXISTS over another table, correlated or not."""
        table = self.rnd.choice(list(TABLES))
        s = self.alias()
        inner = [(f"{s}.{c}", t) for c, t in TABLES[table]]
        numbers = [n for n, t in inner if t == "INT"]
        outer = self.rnd.choice([n for n, t in scope if t == "INT"])
        where = f" WHERE {self.condition(inner, 1)}" if self.rnd.random() < 0.6 else ""
        r = self.rnd.random()
        if r < 0.4:
            return (f"{outer} {self.pick('', 'NOT ')}IN (SELECT {self.rnd.choice(numbers)} "
                    f"FROM {table} {s}{where})")
        if r < 0.8:
            link = f"{self.rnd.choice(numbers)} = {outer}"
            more = f" AND {self.condition(inner, 1)}" if self.rnd.random() < 0.5 else ""
            return f"{self.pick('', 'NOT ')}EXISTS (SELECT 1 FROM {table} {s} WHERE {link}{more})"
        if r < 0.9:
            return f"{outer} <= (SELECT MAX({self.rnd.choice(numbers)}) FROM {table} {s}{where})"
        link = f"{self.rnd.choice(numbers)} = {outer}"
        aggregate = self.pick(f"COUNT(*)", f"SUM({self.rnd.choice(numbers)})",
                              f"MAX({self.rnd.choice(numbers)})")
        return f"{self.rnd.randint(0, 3)} < (SELECT {aggregate} FROM {table} {s} WHERE {link})"

    # --- FROM ---

    def source(self):
        """A table or a query, with an alias; its text and its columns."""
        s = self.alias()
        if self.depth < 2 and self.rnd.random() < 0.25:
            self.depth += 1
            text, kinds = self.query()
            self.depth -= 1
            return f"({text}) AS {s}", [(f"{s}.c{i}", t) for i, t in enumerate(kinds)]
        table = self.rnd.choice(list(TABLES))
        return f"{table} AS {s}", [(f"{s}.{c}", t) for c, t in TABLES[table]]

    def from_clause(self):
        text, scope = self.source()
        for _ in range(self.pick(0, 0, 1, 1, 2)):
            other, columns = self.source()
            kind = self.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ",")
            left = [n for n, t in scope if t == "INT"]
            right = [n for n, t in columns if t == "INT"]
            if kind in ("CROSS JOIN", ",") or not left or not right:
                # SQLite reads `a, b LEFT JOIN c` from left to right, the standard does not.
                text += f" CROSS JOIN {other}"
            else:
                on = f"{self.rnd.choice(left)} = {self.rnd.choice(right)}"
                if self.rnd.random() < 0.3:
                    on += f" AND {self.condition(scope + columns, 1)}"
                text += f" {kind} {other} ON {on}"
            scope = scope + columns
        return text, scope

    # --- queries; each gives its text and the kinds of its columns c0, c1 ... ---

    def query(self):
        r = self.rnd.random()
        if self.depth < 2 and r < 0.12:
            return self.set_operation()
        if r < 0.5:
            return self.grouped()
        return self.plain()

    def where(self, scope):
        conditions = []
        if self.rnd.random() < 0.6:
            conditions.append(self.condition(scope))
        if self.depth < 2 and self.rnd.random() < 0.25 and any(t == "INT" for _, t in scope):
            conditions.append(self.subquery_condition(scope))
        return " WHERE " + " AND ".join(conditions) if conditions else ""

    def columns(self, scope):
        kinds, items = [], []
        for i in range(self.rnd.randint(1, 3)):
            kind = self.pick("INT", "INT", "STRING")
            kinds.append(kind)
            made = self.number(scope) if kind == "INT" else self.text(scope)
            items.append(f"{made} AS c{i}")
        return items, kinds

    def plain(self):
        text, scope = self.from_clause()
        items, kinds = self.columns(scope)
        distinct = self.pick("", "", "DISTINCT ")
        if not distinct and self.rnd.random() < 0.15:
            key = self.rnd.choice(scope)[0]
            order = ", ".join(n for n, _ in scope)
            function = self.pick("ROW_NUMBER()", "RANK()", "DENSE_RANK()", "COUNT(*)",
                                 f"SUM({self.number(scope, 2)})")
            partition = f"PARTITION BY {key} " if self.rnd.random() < 0.7 else ""
            items.append(f"{function} OVER ({partition}ORDER BY {order}) AS c{len(items)}")
            kinds.append("INT")
            if function == "ROW_NUMBER()" or "SUM" in function:
                kinds[-1] = "INT"
        return (f"SELECT {distinct}{', '.join(items)} FROM {text}{self.where(scope)}", kinds)

    def grouped(self):
        text, scope = self.from_clause()
        keys = []
        for _ in range(self.pick(0, 1, 1, 2)):
            keys.append((self.rnd.choice(scope)) if self.rnd.random() < 0.7 else
                        (self.number(scope, 1), "INT"))
        keys = [k for k in keys if not k[0].lstrip("-").isdigit()]
        items, kinds = [], []
        for key, kind in keys:
            items.append(f"{key} AS c{len(items)}")
            kinds.append(kind)
        for _ in range(self.rnd.randint(1, 2)):
            n = self.number(scope, 1)
            call = self.pick("COUNT(*)", f"COUNT({n})", f"SUM({n})", f"MIN({n})", f"MAX({n})",
                             f"COUNT(DISTINCT {n})", f"SUM({n}) + COUNT(*)")
            if call == f"COUNT({n})" and self.rnd.random() < 0.3:
                call += f" FILTER (WHERE {self.condition(scope, 1)})"
            items.append(f"{call} AS c{len(items)}")
            kinds.append("INT")
        group = f" GROUP BY {', '.join(k for k, _ in keys)}" if keys else ""
        having = f" HAVING COUNT(*) {self.pick('>', '<=')} {self.rnd.randint(0, 3)}" if (
            keys and self.rnd.random() < 0.3) else ""
        if keys and self.rnd.random() < 0.3:
            having += f"{' AND' if having else ' HAVING'} {self.group_condition(keys)}"
        if self.rnd.random() < 0.1:
            items.append(f"COUNT(*) + (SELECT COUNT(*) FROM {self.pick(*TABLES)}) AS c{len(items)}")
            kinds.append("INT")
        return (f"SELECT {', '.join(items)} FROM {text}{self.where(scope)}{group}{having}", kinds)

    def group_condition(self, keys):
        """A condition of HAVING with a query in it: over the groups, or over a column that is their key."""
        table = self.rnd.choice(list(TABLES))
        s = self.alias()
        number = f"{s}." + self.pick(*(c for c, t in TABLES[table] if t == "INT"))
        columns = [k for k, t in keys if t == "INT" and k.replace(".", "").isalnum()]
        if not columns or self.rnd.random() < 0.4:
            return f"COUNT(*) {self.pick('>', '<=')} (SELECT COUNT(DISTINCT {number}) FROM {table} {s})"
        key = self.rnd.choice(columns)
        return self.pick(f"{key} IN (SELECT {number} FROM {table} {s})",
                         f"{key} NOT IN (SELECT {number} FROM {table} {s})",
                         f"NOT EXISTS (SELECT 1 FROM {table} {s} WHERE {number} = {key})",
                         f"(COUNT(*) > 2 OR EXISTS (SELECT 1 FROM {table} {s} WHERE {number} = {key}))")

    def set_operation(self):
        self.depth += 1
        kinds = [self.pick("INT", "STRING") for _ in range(self.rnd.randint(1, 2))]

        def part():
            table = self.rnd.choice(list(TABLES))
            s = self.alias()
            scope = [(f"{s}.{c}", t) for c, t in TABLES[table]]
            items = [f"{self.number(scope, 1) if k == 'INT' else self.text(scope, 1)} AS c{i}"
                     for i, k in enumerate(kinds)]
            return f"SELECT {', '.join(items)} FROM {table} AS {s}{self.where(scope)}"

        op = self.pick("UNION", "UNION ALL", "INTERSECT", "EXCEPT")
        self.depth -= 1
        return f"{part()} {op} {part()}", kinds

    def whole(self):
        text, kinds = self.query()
        if self.rnd.random() < 0.4:
            order = [f"c{i}" + self.pick("", " DESC") for i in range(len(kinds))]
            self.rnd.shuffle(order)
            text = f"SELECT * FROM ({text}) AS q ORDER BY {', '.join(order)}"
            if self.rnd.random() < 0.5:
                text += f" LIMIT {self.rnd.randint(0, 6)}"
                if self.rnd.random() < 0.5:
                    text += f" OFFSET {self.rnd.randint(0, 4)}"
            return text, True
        return text, False


def run(weir, folder, query, settings):
    path = os.path.join(folder, "q.sql")
    with open(path, "w") as out:
        out.write(script(query))
    command = [weir, "sql", "-q", "-t", "json", "--file", path] + settings
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        return None, done.stderr
    return [list(json.loads(line).values()) for line in done.stdout.splitlines()], ""


def key(row):
    return [(v is not None, str(type(v)), v) for v in row]


def check(weir, seed, show):
    rnd = random.Random(seed)
    rows = Rows(rnd)
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        rows.write(folder)
        db = rows.database()
        for number in range(2):
            query, ordered = Query(rnd).whole()
            if show:
                print(query)
            try:
                wanted = [list(row) for row in db.execute(query).fetchall()]
            except sqlite3.Error as error:
                if show:
                    print("  SQLite:", error)
                continue
            for settings in ([], ["--set", "runtime.optimize=false", "-p", "1"],
                             ["--set", "runtime.block_size=48B", "-p", "4"]):
                got, error = run(weir, folder, query, settings)
                same = got is not None and (got == wanted if ordered else
                                            sorted(got, key=key) == sorted(wanted, key=key))
                if not same:
                    problems.append(f"seed {seed}, query {number}: {' '.join(settings)}\n{query}\n"
                                    f"  SQLite {wanted[:12]}\n  weir   "
                                    f"{error if got is None else got[:12]}")
                    break
    return problems


if __name__ == "__main__":
    sys.exit(seeds.run(check, "queries"))
