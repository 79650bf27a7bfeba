#!/usr/bin/env python3
"""Accounts in directory.db, by the same cases as for the database servers; and queries of the owner's for it."""

import os
import sqlite3
import tempfile

from directory_cases import SECRET, Door, run_cases, sql
from directory_sql import login, rcpt
from harness import BINARY, Server, check, end, equal, run

PROGRAM = os.path.join(os.path.dirname(BINARY), "test/e2e/directory_sqlite")


def test_cases(folder):
    path = os.path.join(folder, "directory.db")
    with sqlite3.connect(path) as db:
        db.executescript(run("directory", "schema", "sqlite").stdout)
        db.executescript(sql("sqlite"))
    db.close()
    with Door([PROGRAM, path], None) as door:
        run_cases(door)


def test_schema():
    for engine in ("sqlite", "pgsql", "mysql"):
        done = run("directory", "schema", engine)
        check(f"tables for {engine}", done.stdout.count("CREATE TABLE") == 9, done.stdout)
    done = run("directory", "schema", "oracle", check_status=False)
    equal("tables for nobody", (done.returncode, done.stdout), (2, ""))
    check("tables for nobody: it says which there are", "pgsql, mysql and sqlite" in done.stderr, done.stderr)


def test_queries():
    """Only some of the accounts, and an alias for everybody, by the owner's own SQL."""
    settings = ("[directory]\ncache = 0\nlogin-cache = 0\n[directory-sqlite]\n"
                "query-account = SELECT name FROM accounts WHERE name = :name AND :local <> 'bob' -- :domain\n"
                "query-targets = SELECT 'ann@example.test' FROM domains WHERE name = :domain AND :local = 'root'\n")
    with Server(settings=settings) as server:
        for name in ("ann@example.test", "bob@example.test"):
            server.add_user(name, SECRET)
        equal("own queries: login", login(server, "ann@example.test"), "ok")
        equal("own queries: not him", login(server, "bob@example.test"), "denied")
        equal("own queries: rcpt", rcpt(server, "ann@example.test"), 250)
        equal("own queries: an alias", rcpt(server, "root@example.test"), 250)
        equal("own queries: nobody", rcpt(server, "bob@example.test"), 550)


def test_wrong_query():
    for name, query, why in (("no such column", "SELECT nothing FROM lists", "nothing"),
                             ("a parameter of SQLite's", "SELECT address FROM lists WHERE address = :1", "a parameter"),
                             ("one before ours", "SELECT address FROM lists WHERE address = :1 OR address = :address", "a parameter"),
                             ("one beside ours", "SELECT address FROM lists WHERE address = :address OR address = :2", "a parameter")):
        with Server(start=False, settings=f"[directory-sqlite]\nquery-list = {query}\n") as server:
            done = server.command("serve", check_status=False, timeout=20)
            equal(f"a wrong query: {name}: no start", done.returncode, 1)
            check(f"a wrong query: {name}: it is named", 'query="list"' in done.stderr and why in done.stderr, done.stderr)


with tempfile.TemporaryDirectory(prefix="staunch-directory-") as folder:
    test_cases(folder)
test_schema()
test_queries()
test_wrong_query()
end()
