#!/usr/bin/env python3
"""What README.md says about PostgreSQL and MariaDB works as it is printed there."""

import os
import subprocess
import tempfile

from databases import MariaDb, Postgres, available
from directory_cases import SECRET, sha_crypt
from directory_sql import login, rcpt
from harness import BINARY, Server, check, end, equal
from readme import blocks

HASH = sha_crypt(SECRET, "6")
OTHER_TABLES = f"""
CREATE TABLE users (email text, domain text, full_name text, password text, active boolean);
CREATE TABLE aliases (source text, destination text);
INSERT INTO users VALUES ('eve@example.net', 'example.net', NULL, '{HASH}', true),
    ('old@example.net', 'example.net', 'Old', '{HASH}', false);
INSERT INTO aliases VALUES ('sales@example.net', 'eve@example.net'), ('sales@example.net', 'x@far.test');
"""


def shell(command, **environment):
    """With `staunch` in the PATH."""
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.abspath(BINARY), os.path.join(folder, "staunch"))
        path = f"{folder}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", command], text=True, timeout=60, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**os.environ, "PATH": path, **environment})
    check(f"it ends well: {command.strip()}", done.returncode == 0, done.stdout)


def ask(settings, name, alias, nobody):
    with Server(domain="unused.test", settings=settings) as server:
        equal(f"{name}: login", login(server, name), "ok")
        equal(f"{name}: wrong password", login(server, name, "x"), "denied")
        equal(f"{alias}: rcpt", rcpt(server, alias), 250)
        equal(f"{nobody}: rcpt", rcpt(server, nobody), 550)
        told = server.command("directory", "test", alias).stdout
        check("directory test says where it leads", name in told, told)


def test_pgsql():
    commands, settings, rows, own = blocks("### PostgreSQL")
    with Postgres() as db:
        db.owner("DROP DATABASE staunch;", "postgres")
        db.owner("DROP OWNED BY staunch;", "postgres")
        db.owner("DROP ROLE staunch;", "postgres")
        where = {"PGHOST": db.folder, "PGPORT": str(db.port), "PGOPTIONS": "--client-min-messages=warning"}
        for line in commands.strip().split("\n"):
            user = line.split("# as ")[1].strip()
            shell(line, PGUSER="owner" if user == "postgres" else user, **where)
        shell(f"psql -v ON_ERROR_STOP=1 staunch <<'END'\n{rows.replace('HASH', HASH)}END", PGUSER="staunch", **where)
        here = f"[directory-pgsql]\nhost = {db.folder}\nport = {db.port}\n"
        ask(settings + here, "ann@example.org", "info@example.org", "nobody@example.org")
        db.owner(OTHER_TABLES + "GRANT SELECT ON users, aliases TO staunch;")
        ask(settings + own + here, "eve@example.net", "sales@example.net", "old@example.net")


def test_mysql():
    rows = blocks("### PostgreSQL")[2]
    commands, settings = blocks("### MariaDB")
    with MariaDb() as db:
        db.owner("DROP DATABASE staunch; DROP USER staunch@'%'; DROP USER staunch@localhost;", "mysql")
        home = os.path.join(db.folder, "home")
        os.mkdir(home)
        with open(os.path.join(home, ".my.cnf"), "w") as f:
            f.write(f"[client]\nsocket={db.socket}\nuser=root\n")
        for line in commands.strip().split("\n"):
            shell(line, HOME=home)
        shell(f"mariadb staunch <<'END'\n{rows.replace('HASH', HASH)}END", HOME=home)
        password = os.path.join(home, "password")
        with open(password, "w") as f:
            f.write("PASSWORD\n")
        settings = settings.replace("db.example.org", "127.0.0.1").replace("/etc/staunch/database-password", password)
        ask(settings + f"port = {db.port}\n", "ann@example.org", "info@example.org", "nobody@example.org")


if available(Postgres):
    test_pgsql()
if available(MariaDb):
    test_mysql()
end()
