"""What holds for every database server that keeps accounts: directory_cases.py, and all that can happen to a connection.

    main(Postgres, Dialect(..))

Most of it talks to the program itself; test_server() has a whole server on it.
"""

import dataclasses
import imaplib
import json
import os
import smtplib
import time

from certificates import EXPIRED, Authority
from databases import PASSWORD, available
from directory_cases import SECRET, Door, account_of, defaults, local, remote, run_cases, sql, targets_of
from harness import BINARY, Server, check, end, equal, freeze, run, thaw

UP_SECONDS = 40  # far beyond the longest wait before another try
SHORT_MS = 2000  # time enough for a query, also on a busy machine, and soon over


@dataclasses.dataclass
class Dialect:
    sleep: str       # a column that takes a minute
    series: str      # a million rows, n in each
    tls: str         # a column with the version of TLS, empty or NULL without
    join: str        # 'x' and n
    domain_of: str   # "user@domain" of two columns
    denied: str      # a word of what it says to a wrong password


def until(name, got, want, between):
    """Ask until it is so; until then it is only ever one of `between`."""
    deadline, last = time.time() + UP_SECONDS, None
    while time.time() < deadline:
        last = got()
        if last == want:
            break
        if last not in between:
            break
        time.sleep(0.05)
    equal(name, last, want)


class Engine:
    def __init__(self, db, dialect, folder):
        self.db, self.dialect = db, dialect
        self.program = f"{BINARY}-directory-{db.engine}"
        self.log_path = os.path.join(folder, "log")
        db.defaults = defaults(db.section)

    def door(self, **settings):
        return Door(self.program, self.db.settings(**settings), open(self.log_path, "ab"))

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()


def test_cases(engine):
    with engine.door() as door:
        equal("it opens", door.opened, {"id": 0, "result": "ok"})
        run_cases(door)


def test_lost(engine):
    """Whatever ends a connection: an answer that is right, or temp, and right again by itself."""
    db = engine.db
    downs, ups = engine.log().count("directory.down"), engine.log().count("directory.up")
    with engine.door() as door:
        equal("before", door.login("ann@example.test"), "ok")
        db.end_sessions()
        equal("hung up on: asked once more", door.login("ann@example.test"), "ok")
        db.stop()
        for _ in range(20):
            equal("stopped: login", door.login("ann@example.test"), "temp")
            equal("stopped: wrong password", door.login("ann@example.test", "x"), "temp")
            equal("stopped: account", door.result("account", name="nobody@example.test"), "temp")
            equal("stopped: resolve", door.result("resolve", address="nobody@example.test"), "temp")
            equal("stopped: credential", door.result("credential", name="ann@example.test", credential="x" * 22), "temp")
            equal("stopped: domains", door.result("domains"), "temp")
        equal("stopped: said once", engine.log().count("directory.down"), downs + 1)
        db.start()
        until("started again", lambda: door.login("ann@example.test"), "ok", ("temp",))
        equal("started again: said once", engine.log().count("directory.up"), ups + 1)
        db.kill()
        db.start()
        equal("killed and started between two questions", door.login("ann@example.test"), "ok")


def test_begin_down(engine):
    engine.db.stop()
    with engine.door() as door:
        equal("down at the start", door.opened["result"], "temp")
        check("down at the start: it says why", len(door.opened.get("why", "")) > 10, door.opened)
        equal("down at the start: an answer", door.login("ann@example.test"), "temp")
        engine.db.start()
        until("down at the start, then up", lambda: door.login("ann@example.test"), "ok", ("temp",))


def test_frozen(engine):
    """A server that takes no more notice of us is given up after `timeout`, and found again."""
    with engine.door(timeout=SHORT_MS, connect_timeout=1000) as door:
        equal("before", door.login("ann@example.test"), "ok")
        frozen = freeze(engine.db.process.pid)
        for _ in range(3):
            equal("frozen", door.login("ann@example.test"), "temp")
        thaw(frozen)
        until("thawed", lambda: door.login("ann@example.test"), "ok", ("temp",))


def test_slow(engine):
    slow = f"SELECT {engine.dialect.sleep} FROM accounts WHERE name = :name"
    with engine.door(timeout=SHORT_MS, query_groups=slow) as door:
        equal("slow: opens", door.opened["result"], "ok")
        for _ in range(2):
            equal("slow: a query", door.result("account", name="ann@example.test"), "temp")
            equal("slow: others are not", targets_of(door.ask("resolve", address="ann@example.test")),
                  [local("ann@example.test")])


def test_many_rows(engine):
    query = f"SELECT {engine.dialect.join} FROM {engine.dialect.series} WHERE :address = 'many@example.test'"
    with engine.door(query_targets=query, query_account=f"SELECT {engine.dialect.join} FROM {engine.dialect.series}"
                     " WHERE :name = 'ann@example.test'") as door:
        for _ in range(2):
            equal("a million targets are too many", len(door.ask("resolve", address="many@example.test")["targets"]), 10000)
            equal("a million accounts are one", door.ask("account", name="ann@example.test")["account"]["name"], "x1@far.test")
            equal("none is none", door.result("account", name="bob@example.test"), "missing")


def test_wrong_settings(engine):
    rows = (
        ("no such table", {"query_members": "SELECT a FROM nowhere"}, "query-members"),
        ("no such column", {"query_account": "SELECT nothing FROM accounts WHERE name = :name"}, "query-account"),
        ("no SQL", {"query_domain": "SELEKT :domain"}, "query-domain"),
        ("no such parameter", {"query_token": "SELECT account FROM tokens WHERE hash = :name"}, "query-token"),
        ("a quote without end", {"query_lists": "", "query_list": "SELECT 'x WHERE :address"}, "query-list"),
    )
    for name, changes, word in rows:
        with engine.door(**changes) as door:
            equal(f"settings: {name}", door.opened["result"], "perm")
            check(f"settings: {name}: it says where", word in door.opened["why"], door.opened)
    for name, changes, word in (("password", {"password": "wrong"}, engine.dialect.denied),
                                ("user", {"user": "nobody"}, engine.dialect.denied),
                                ("database", {"database": "nowhere"}, "")):
        with engine.door(**changes) as door:
            equal(f"settings: {name}", door.opened["result"], "temp")
            check(f"settings: {name}: it says why", word in door.opened["why"], door.opened)
            equal(f"settings: {name}: an answer", door.login("ann@example.test"), "temp")
    check("the password is in no log", PASSWORD not in engine.log() and SECRET not in engine.log())


def test_own_tables(engine):
    """Tables as other mail servers have them: parts of the address, few columns, capitals, what is NULL."""
    engine.db.fill("CREATE TABLE mailbox (local_part text, domain text, full_name text, crypt text);")
    engine.db.fill("INSERT INTO mailbox SELECT 'Eve', 'Own.test', NULL, stored FROM passwords"
                   " WHERE account = 'ann@example.test' AND stored LIKE '{SSHA}%';")
    own = {
        "query_account": f"SELECT {engine.dialect.domain_of}, full_name FROM mailbox"
                         " WHERE lower(local_part) = :local AND lower(domain) = :domain",
        "query_passwords": "SELECT crypt FROM mailbox WHERE lower(local_part) = :local AND lower(domain) = :domain",
        "query_domain": "SELECT DISTINCT domain FROM mailbox WHERE lower(domain) = :domain",
        "query_domains": "SELECT DISTINCT lower(domain) FROM mailbox",
        "query_targets": "SELECT 'EVE@Own.test' FROM mailbox WHERE :local = 'root' AND lower(domain) = :domain",
        **{f"query_{name}": "" for name in ("token", "tokens", "addresses", "groups", "list", "members", "accounts",
                                            "all_groups", "postmaster")},
    }
    with engine.door(**own) as door:
        equal("own tables: it opens", door.opened, {"id": 0, "result": "ok"})
        eve = ("eve@own.test", "", 0, 0, True, "eve@own.test", ["eve@own.test"], [])
        equal("own tables: login", account_of(door.ask("login", name="eve@own.test", secret=SECRET)), eve)
        equal("own tables: wrong password", door.login("eve@own.test", "x"), "denied")
        equal("own tables: another", door.login("eva@own.test"), "denied")
        equal("own tables: resolve", targets_of(door.ask("resolve", address="eve+t@own.test")), [local("eve@own.test", "t")])
        equal("own tables: an alias", targets_of(door.ask("resolve", address="root@own.test")), [local("eve@own.test")])
        equal("own tables: unknown", door.result("resolve", address="ann@own.test"), "missing")
        equal("own tables: not ours", door.result("resolve", address="ann@example.test"), "denied")
        equal("own tables: domains", door.ask("domains")["domains"], ["own.test"])
        equal("own tables: nobody to share with", door.ask("principals", domain="own.test")["principals"], [])


def test_odd_rows(engine):
    """Rows that are no names, and columns of all kinds: each spoils nothing but itself."""
    odd = ("SELECT NULL AS x FROM accounts WHERE name = {0} UNION ALL SELECT '' UNION ALL SELECT 'tab\t' UNION ALL"
           " SELECT repeat('x', 400) UNION ALL SELECT 'a b@far.test' UNION ALL SELECT 'good@far.test'")
    account = ("SELECT name, concat('two\nlines ', repeat('é', 400)), NULL, -5, 'yes', 'and', 'more'"
               " FROM accounts WHERE name = :name")
    with engine.door(query_groups=odd.format(":name"), query_addresses=odd.format(":name"), query_domains=odd.format("'x'"),
                     query_targets=odd.format(":address"), query_accounts=odd.format(":domain"),
                     query_account=account) as door:
        name, display, size, count, enabled, first, addresses, groups = account_of(door.ask("account", name="ann@example.test"))
        equal("odd rows: display name", display, "two lines " + "é" * 155)
        equal("odd rows: limits", (size, count, enabled), (0, 0, True))
        equal("odd rows: addresses", (first, addresses), (name, ["a b@far.test", name, "good@far.test"]))
        equal("odd rows: groups", groups, ["a b@far.test", "good@far.test"])
        equal("odd rows: targets", targets_of(door.ask("resolve", address="any@example.test")), [remote("good@far.test")])
        equal("odd rows: domains", door.ask("domains")["domains"], ["a b@far.test", "good@far.test"])
        principals = door.ask("principals", domain="example.test")["principals"]
        equal("odd rows: principals", [p["name"] for p in principals],
              ["a b@far.test", "good@far.test", "staff"])


def test_changes(engine):
    """Tables that change under a connection with prepared queries."""
    with engine.door(query_account="SELECT * FROM plain WHERE name = :name", query_groups="") as door:
        equal("tables: not there yet", door.opened["result"], "perm")
    engine.db.fill("CREATE TABLE plain (name VARCHAR(100)); INSERT INTO plain VALUES ('new@example.test');")
    with engine.door(query_account="SELECT * FROM plain WHERE name = :name") as door:
        equal("tables: one column", door.ask("account", name="new@example.test")["account"]["display_name"], "")
        engine.db.fill("ALTER TABLE plain ADD COLUMN full_name VARCHAR(100); UPDATE plain SET full_name = 'New';")
        equal("tables: one more", door.ask("account", name="new@example.test")["account"]["display_name"], "New")
        engine.db.fill("DROP TABLE plain;")
        equal("tables: gone", door.result("account", name="new@example.test"), "temp")
        equal("tables: others are there", door.ask("domains")["domains"][0], "catch.test")
        engine.db.fill("CREATE TABLE plain (name VARCHAR(100)); INSERT INTO plain VALUES ('new@example.test');")
        equal("tables: there again", door.result("account", name="new@example.test"), "ok")


def test_tls(engine, ca):
    seen = f"SELECT name, {engine.dialect.tls} FROM accounts WHERE name = :name"

    def version(**settings):
        with engine.door(query_account=seen, **settings) as door:
            if door.opened["result"] != "ok":
                check("tls: it says why", len(door.opened["why"]) > 10, door.opened)
                return door.opened["result"]
            shown = door.ask("account", name="ann@example.test")["account"]["display_name"]
            return shown[:5] if shown else "clear"

    equal("tls: off on this host", version(), "clear")
    equal("tls: verified", version(tls="verify", host="localhost", ca_file=ca.path), "TLSv1")
    equal("tls: another name than asked for", version(tls="verify", host="127.0.0.1", ca_file=ca.path), "temp")
    with Authority("Another") as other:
        equal("tls: another authority", version(tls="verify", host="localhost", ca_file=other.path), "temp")
    equal("tls: the system's authorities", version(tls="verify", host="localhost"), "temp")
    equal("tls: no such file", version(tls="verify", host="localhost", ca_file="/nowhere"), "temp")
    equal("tls: encrypted, whoever it is", version(tls="encrypt"), "TLSv1")
    engine.db.certificate = engine.db.keep(ca.issue("localhost", valid=EXPIRED))
    engine.db.stop()
    engine.db.start()
    equal("tls: a certificate that is over", version(tls="verify", host="localhost", ca_file=ca.path), "temp")
    engine.db.certificate = None
    engine.db.stop()
    engine.db.start()
    equal("tls: a server without", version(tls="verify", host="localhost", ca_file=ca.path), "temp")
    equal("tls: a server without, and any would do", version(tls="encrypt"), "temp")
    engine.db.certificate = engine.db.keep(ca.issue("localhost"))


def rcpt(server, address):
    with smtplib.LMTP("127.0.0.1", server.port("lmtp")) as lmtp:
        lmtp.ehlo("x.test")
        lmtp.mail("")
        return lmtp.rcpt(address)[0]


def login(server, name, secret=SECRET):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    try:
        imap.login(name, secret)
        return "ok"
    except imaplib.IMAP4.error as e:
        return "temp" if "UNAVAILABLE" in str(e) else "denied"
    finally:
        imap.shutdown()


def test_server(engine):
    """Mail and logins of a whole server while its database comes and goes."""
    db = engine.db
    password = os.path.join(os.path.dirname(engine.log_path), "password")
    with open(password, "w") as f:
        f.write(PASSWORD + "\n")
    settings = (f"[server]\nlog-form = json\n[directory]\nengine = {db.engine}\ncache = 0\nlogin-cache = 0\n[{db.section}]\nhost = 127.0.0.1\n"
                f"port = {db.port}\npassword = file:{password}\nconnect-timeout = 1s\n")
    with Server(settings=settings) as server:
        equal("server: config check", server.command("config", "check").returncode, 0)
        equal("server: login", login(server, "ann@example.test"), "ok")
        equal("server: wrong password", login(server, "ann@example.test", "x"), "denied")
        equal("server: rcpt", rcpt(server, "ann@example.test"), 250)
        equal("server: rcpt nobody", rcpt(server, "nobody@example.test"), 550)
        with smtplib.LMTP("127.0.0.1", server.port("lmtp")) as lmtp:
            for to in ("info@example.test", "team+t@example.test"):
                lmtp.sendmail("x@far.test", [to], "Subject: hello\r\n\r\nhello\r\n")
        imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
        imap.login("ann@example.test", SECRET)
        until("server: an alias and a list lead there", lambda: imap.select()[1], [b"2"], ([b"1"],))
        db.stop()
        equal("server: down: login", login(server, "ann@example.test"), "temp")
        equal("server: down: rcpt", rcpt(server, "ann@example.test") // 100, 4)
        equal("server: down: rcpt nobody", rcpt(server, "nobody@example.test") // 100, 4)
        equal("server: down: who is logged in reads on", imap.noop()[0], "OK")
        down = [line for line in server.log().split("\n") if "directory.down" in line]
        check("server: down: said in the log's form", down and "reason" in json.loads(down[0]), down)
        db.start()
        until("server: up again: login", lambda: login(server, "ann@example.test"), "ok", ("temp",))
        until("server: up again: rcpt", lambda: rcpt(server, "ann@example.test"), 250, (450, 451, 452))
        until("server: up again: rcpt nobody", lambda: rcpt(server, "nobody@example.test"), 550, (450, 451, 452))
        imap.shutdown()
        server.add_settings(f"[{db.section}]\nquery-list = SELECT :name\n")
        done = server.command("config", "check", check_status=False)
        check("server: config check names a wrong query",
              done.returncode != 0 and f"[{db.section}] query-list: it names a parameter" in done.stderr, done.stderr)
        check("server: the password is in no log", PASSWORD not in server.log())


def main(kind, dialect):
    if not available(kind):
        end()
    with Authority() as ca, kind(ca.issue("localhost")) as db:
        engine = Engine(db, dialect, db.folder)
        db.fill(run("directory", "schema", kind.engine).stdout)
        db.fill(sql(kind.dialect))
        test_cases(engine)
        test_own_tables(engine)
        test_odd_rows(engine)
        test_changes(engine)
        test_slow(engine)
        test_many_rows(engine)
        test_wrong_settings(engine)
        test_tls(engine, ca)
        test_lost(engine)
        test_begin_down(engine)
        test_frozen(engine)
        test_server(engine)
        broken = [line for line in engine.log().split("\n") if "Sanitizer" in line or "runtime error" in line]
        check("no sanitizer report in the log", not broken, "\n".join(broken[:5]))
    end()
