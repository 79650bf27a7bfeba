"""Accounts, and the questions about them: the same for every engine that keeps them.

    from directory_cases import Door, run_cases, passwords
    fill_server(sql(DIALECT))                 INSERTs for the tables of `staunch directory schema`
    with Door(program, settings) as door:     a program as the server starts it: descriptor 3, an `open` line
        equal("open", door.opened, {"id": 0, "result": "ok"})
        run_cases(door)

A case is a name, a question and what its answer must be; lists of addresses, groups and targets are sets. Engines that
cannot have something (a catch-all, say) name those cases in `without`. Door(..).ask(..) puts any other question.
"""

import base64
import collections
import hashlib
import json
import os
import select
import socket
import subprocess

from harness import equal, run

SECRET = "correct horse"
BCRYPT = "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"  # of it; nothing of Debian's makes one
ANSWER_SECONDS = 60  # far beyond what any answer takes
OWN_HOST = "mx.here.test"

DOMAINS = ["catch.test", "example.test", "xn--bcher-kva.test"]
GROUPS = {"staff": ("The Staff", ["ann@example.test", "bob@example.test"]), "crew@other.test": ("", [])}
LISTS = {"team@example.test": ["ann@example.test", "info@example.test", "bob@example.test", "carol@far.test",
                               "gone@example.test"]}
ALIASES = {
    "info@example.test": ["ann@example.test"],
    "sales@example.test": ["info@example.test", "x@far.test"],
    "bob@example.test": ["bob@example.test", "bob@far.test"],
    "one@example.test": ["two@example.test"],
    "two@example.test": ["one@example.test"],
    "gone@example.test": ["nobody@example.test"],
    "buch@xn--bcher-kva.test": ["jörg@example.test"],
    "grüße@example.test": ["jörg@example.test"],
    "postmaster@example.test": ["ann@example.test"],
    "@catch.test": ["ann@example.test"],
}
TOKEN = "stk_" + "aZ3" * 13 + "x"

Account = collections.namedtuple("Account", "name display_name is_enabled quota_bytes quota_messages passwords")


def b64(data):
    return base64.b64encode(data).decode()


def adapted(data):
    """passlib's base64."""
    return b64(data).rstrip("=").replace("+", ".")


def scram_keys(secret, name="sha256", word="SCRAM-SHA-256", salt=b"0123456789abcdef", rounds=4096):
    salted = hashlib.pbkdf2_hmac(name, secret.encode(), salt, rounds)
    import hmac
    client = hmac.new(salted, b"Client Key", name).digest()
    server = hmac.new(salted, b"Server Key", name).digest()
    return f"{word}${rounds}:{b64(salt)}${b64(hashlib.new(name, client).digest())}:{b64(server)}"


def argon2(secret):
    """By the reference's parameters and library, through Staunch itself: nothing else here makes one."""
    from harness import Server
    import sqlite3
    with Server(start=False) as server:
        server.add_user("x@example.test", secret)
        with sqlite3.connect(os.path.join(server.folder, "data", "directory.db")) as db:
            return [row[0] for row in db.execute("SELECT stored FROM passwords") if "argon2id" in row[0]][0]


def sha_crypt(secret, kind):
    """As README.md tells owners to make one."""
    return subprocess.run(["openssl", "passwd", "-" + kind, "-stdin"], input=secret, text=True, check=True,
                          stdout=subprocess.PIPE).stdout.strip()


def passwords():
    """Every form that crypto/password.h knows, of SECRET."""
    secret, raw, salt, bcrypt = SECRET, SECRET.encode(), b"saltsalt", BCRYPT
    six, five = sha_crypt(secret, "6"), sha_crypt(secret, "5")

    def pbkdf2(name):
        return f"$pbkdf2{'' if name == 'sha1' else '-' + name}$1000${adapted(salt)}$" \
            f"{adapted(hashlib.pbkdf2_hmac(name, raw, salt, 1000))}"

    def salted(name, salt=salt):
        return b64(hashlib.new(name, raw + salt).digest() + salt)

    return {
        "argon2id": argon2(secret),
        "bcrypt-b": bcrypt, "bcrypt-y": "$2y$" + bcrypt[4:], "bcrypt-a": "$2a$" + bcrypt[4:],
        "blf-crypt": "{BLF-CRYPT}$2y$" + bcrypt[4:],
        "sha256-crypt": five, "sha256-crypt-scheme": "{SHA256-CRYPT}" + five,
        "sha512-crypt": six, "sha512-crypt-scheme": "{SHA512-CRYPT}" + six, "crypt": "{CRYPT}" + six,
        "pbkdf2-sha1": pbkdf2("sha1"), "pbkdf2-sha256": pbkdf2("sha256"), "pbkdf2-sha512": pbkdf2("sha512"),
        "pbkdf2-scheme": "{PBKDF2}$1$saltsalt$1000$" + hashlib.pbkdf2_hmac("sha1", raw, salt, 1000).hex(),
        "ssha": "{SSHA}" + salted("sha1"), "ssha256": "{SSHA256}" + salted("sha256"),
        "ssha512": "{SSHA512}" + salted("sha512"),
        "sha256": "{SHA256}" + salted("sha256", b""), "sha512": "{SHA512}" + salted("sha512", b""),
        "scram-sha-256": scram_keys(secret), "scram-sha-1": scram_keys(secret, "sha1", "SCRAM-SHA-1"),
    }


def accounts():
    forms = passwords()
    ssha = forms["ssha"]
    some = [
        Account("ann@example.test", "Ann", True, 0, 0, [ssha, scram_keys(SECRET)]),
        Account("bob@example.test", "Bob's \\ \"Brew\" %s", True, 5_000_000_000, 7, [ssha]),
        Account("jörg@example.test", "Jörg Größe 漢字 😀", True, 0, 0, [ssha]),
        Account("off@example.test", "Off", False, 0, 0, [ssha]),
        Account("bare@example.test", "", True, 0, 0, []),
        Account("o'neil@example.test", "O'Neil", True, 0, 0, [ssha]),
        Account("under_score@example.test", "", True, 0, 0, [ssha]),
        Account("per%cent@example.test", "", True, 0, 0, [ssha]),
        Account("star*{x}@example.test", "", True, 0, 0, [ssha]),
        Account("hans@xn--bcher-kva.test", "", True, 0, 0, [ssha]),
    ]
    return some + [Account(f"hash-{form}@example.test", form, True, 0, 0, [stored]) for form, stored in forms.items()]


ACCOUNTS = accounts()


# --- the accounts in SQL ----------------------------------------------------------------------------------


def sql(dialect):
    """INSERTs into the default tables: sqlite, pgsql, mysql."""

    def text(value):
        value = value.replace("'", "''")
        return "'" + (value.replace("\\", "\\\\") if dialect == "mysql" else value) + "'"

    def truth(value):
        return ("true" if value else "false") if dialect == "pgsql" else str(int(value))

    groups = "`groups`" if dialect == "mysql" else "groups"
    out = [f"INSERT INTO domains (name) VALUES ({text(name)});" for name in DOMAINS]
    for a in ACCOUNTS:
        out.append("INSERT INTO accounts (name, display_name, is_enabled, quota_bytes, quota_messages) VALUES "
                   f"({text(a.name)}, {text(a.display_name)}, {truth(a.is_enabled)}, {a.quota_bytes}, {a.quota_messages});")
        out += [f"INSERT INTO passwords (account, stored) VALUES ({text(a.name)}, {text(stored)});" for stored in a.passwords]
    for address, targets in ALIASES.items():
        out += [f"INSERT INTO addresses VALUES ({text(address)}, {text(target)});" for target in targets]
    for address, members in LISTS.items():
        out.append(f"INSERT INTO lists (address) VALUES ({text(address)});")
        out += [f"INSERT INTO list_members VALUES ({text(address)}, {text(member)});" for member in members]
    for name, (display_name, members) in GROUPS.items():
        out.append(f"INSERT INTO {groups} VALUES ({text(name)}, {text(display_name)});")
        out += [f"INSERT INTO group_members VALUES ({text(name)}, {text(member)});" for member in members]
    digest = base64.urlsafe_b64encode(hashlib.sha256(TOKEN.encode()).digest()).decode().rstrip("=")
    created = (", created", ", 0") if dialect == "sqlite" else ("", "")
    out.append(f"INSERT INTO tokens (account, name, hash{created[0]}) VALUES "
               f"('bob@example.test', 'phone', '{digest}'{created[1]});")
    return "\n".join(out) + "\n"


def defaults(section):
    """The settings of a section as conf.example has them."""
    values, inside = {}, False
    for line in run("config", "example").stdout.split("\n"):
        if "[" in line[:3]:
            inside = line.strip("# ") == f"[{section}]"
        elif inside and line.startswith("#") and not line.startswith("# ") and "=" in line:
            key, value = line[1:].split("=", 1)
            values[key.strip()] = value.strip()
    return values


# --- a program at work ------------------------------------------------------------------------------------


class Door:
    """One program with our end of its descriptor 3. settings None: it wants no `open` line."""

    def __init__(self, program, settings, log=None):
        ours, theirs = socket.socketpair()
        self.socket, self.rest, self.count = ours, b"", 0
        self.log = log or subprocess.DEVNULL
        fd = theirs.fileno()
        arguments = [program] if isinstance(program, str) else program
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, pass_fds=(3,),
                                        preexec_fn=lambda: os.dup2(fd, 3))
        theirs.close()
        self.opened = self.open(settings) if settings is not None else None

    def open(self, settings):
        common = {"default-domain": "example.test", "separator": "+", "own-host": OWN_HOST, "test-password": "",
                  "log": "info", "log-form": "text"}
        return self.line(json.dumps({"id": 0, "ask": "open", "settings": {**common, **settings}}).encode())

    def send(self, line):
        self.socket.sendall(line + b"\n")

    def line(self, line=None, seconds=ANSWER_SECONDS):
        """Put a line, get the next one; None: it ended, or says nothing."""
        if line is not None:
            self.send(line)
        while b"\n" not in self.rest:
            if not select.select([self.socket], [], [], seconds)[0]:
                return None
            data = self.socket.recv(1 << 20)
            if not data:
                return None
            self.rest += data
        one, self.rest = self.rest.split(b"\n", 1)
        return json.loads(one)

    def ask(self, kind, **members):
        self.count += 1
        answer = self.line(json.dumps({"id": self.count, "ask": kind, **members}).encode())
        if answer is None or answer.pop("id") != self.count:
            raise RuntimeError(f"no answer to {kind} {members}")
        return answer

    def result(self, kind, **members):
        return self.ask(kind, **members)["result"]

    def login(self, name, secret=SECRET):
        return self.result("login", name=name, secret=secret)

    def close(self):
        self.socket.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        equal("the program ends when its socket does", self.close(), 0)


# --- the cases --------------------------------------------------------------------------------------------


def local(name, detail=None, via=None):
    return ("account", name, detail, via)


def remote(name, via=None):
    return ("remote", name, None, via)


def targets_of(answer):
    return sorted((("account" if "account" in t else "remote"), t.get("account") or t.get("remote"), t.get("detail"),
                   t.get("list")) for t in answer.get("targets", [])) or answer["result"]


def account_of(answer):
    if answer["result"] != "ok":
        return answer["result"]
    a = answer["account"]
    return (a["name"], a["display_name"], a["quota_bytes"], a["quota_messages"], a["enabled"], a["addresses"][0],
            sorted(a["addresses"]), sorted(a["groups"]))


ANN = ("ann@example.test", "Ann", 0, 0, True, "ann@example.test",
       ["@catch.test", "ann@example.test", "info@example.test", "postmaster@example.test", "sales@example.test"], ["staff"])
BOB = ("bob@example.test", "Bob's \\ \"Brew\" %s", 5_000_000_000, 7, True, "bob@example.test", ["bob@example.test"], ["staff"])
JORG = ("jörg@example.test", "Jörg Größe 漢字 😀", 0, 0, True, "jörg@example.test",
        ["buch@xn--bcher-kva.test", "grüße@example.test", "jörg@example.test"], [])
OFF = ("off@example.test", "Off", 0, 0, False, "off@example.test", ["off@example.test"], [])

LOGINS = {
    "login: right": ("ann@example.test", SECRET, ANN),
    "login: wrong password": ("ann@example.test", "Correct horse", "denied"),
    "login: no password": ("ann@example.test", "", "denied"),
    "login: a hash is no password": ("ann@example.test", ACCOUNTS[0].passwords[0], "denied"),
    "login: an asterisk is no password": ("ann@example.test", "*", "denied"),
    "login: unknown user": ("nobody@example.test", SECRET, "denied"),
    "login: no name": ("", SECRET, "denied"),
    "login: an alias is no user": ("info@example.test", SECRET, "denied"),
    "login: a list is no user": ("team@example.test", SECRET, "denied"),
    "login: another domain": ("ann@far.test", SECRET, "denied"),
    "login: disabled": ("off@example.test", SECRET, "denied"),
    "login: without any password": ("bare@example.test", SECRET, "denied"),
    "login: without any password, and none sent": ("bare@example.test", "", "denied"),
    "login: not ASCII": ("jörg@example.test", SECRET, JORG),
    "login: quota": ("bob@example.test", SECRET, BOB),
}
ACCOUNT_CASES = {
    "account: all that leads to it": ("ann@example.test", ANN),
    "account: quota and odd characters": ("bob@example.test", BOB),
    "account: not ASCII": ("jörg@example.test", JORG),
    "account: disabled": ("off@example.test", OFF),
    "account: unknown": ("nobody@example.test", "missing"),
    "account: an alias is none": ("info@example.test", "missing"),
    "account: a group is none": ("staff", "missing"),
}
TEAM = "team@example.test"
RESOLVE = {
    "resolve: an account": ("ann@example.test", [local("ann@example.test")]),
    "resolve: a tag": ("ann+news@example.test", [local("ann@example.test", "news")]),
    "resolve: an alias": ("info@example.test", [local("ann@example.test")]),
    "resolve: an alias with a tag": ("info+a+b@example.test", [local("ann@example.test", "a+b")]),
    "resolve: an alias of an alias, and one outside": ("sales@example.test", [local("ann@example.test"), remote("x@far.test")]),
    "resolve: keep a copy": ("bob@example.test", [local("bob@example.test"), remote("bob@far.test")]),
    "resolve: a circle": ("one@example.test", "perm"),
    "resolve: a dead end": ("gone@example.test", "perm"),
    "resolve: a list": (TEAM, [local("ann@example.test", via=TEAM), local("bob@example.test", via=TEAM),
                               remote("bob@far.test", TEAM), remote("carol@far.test", TEAM)]),
    "resolve: catch-all": ("anything@catch.test", [local("ann@example.test")]),
    "resolve: catch-all with a tag": ("any+thing@catch.test", [local("ann@example.test")]),
    "resolve: an alias in another domain": ("buch@xn--bcher-kva.test", [local("jörg@example.test")]),
    "resolve: not ASCII": ("grüße@example.test", [local("jörg@example.test")]),
    "resolve: disabled": ("off@example.test", [local("off@example.test")]),
    "resolve: unknown": ("nobody@example.test", "missing"),
    "resolve: unknown with a tag": ("nobody+x@example.test", "missing"),
    "resolve: a domain that is not ours": ("ann@far.test", "denied"),
    "resolve: a domain below ours": ("ann@sub.example.test", "denied"),
    "resolve: no address": ("ann", "syntax"),
    "resolve: postmaster of this host": ("postmaster@" + OWN_HOST, [local("ann@example.test")]),
    "resolve: somebody else at this host": ("abuse@" + OWN_HOST, "denied"),
}

# Names that could be taken for something else on their way. None of them is an account.
ODD_NAMES = {
    "a quote": "x' OR '1'='1@example.test",
    "a quote at the end": "ann@example.test'",
    "a statement": "x'; DROP TABLE accounts; --@example.test",
    "a comment": "ann@example.test'--",
    "another comment": "ann@example.test'/*",
    "a backslash": "ann\\@example.test",
    "a backslash and a quote": "\\' OR 1=1 -- @example.test",
    "double quotes": "\" OR \"\"=\"@example.test",
    "percent": "%@example.test",
    "underscores": "___@example.test",
    "percent alone": "%",
    "a star": "*",
    "a star and a domain": "*@example.test",
    "a filter": "*)(uid=*))(|(uid=*@example.test",
    "a filter's end": "ann@example.test)(objectClass=*",
    "a filter's and": "ann@example.test)(&(mail=*",
    "a DN": "uid=ann,ou=people,dc=example,dc=test",
    "a DN in an address": "ann,dc=example@example.test",
    "hexadecimal": "\\61nn@example.test",
    "a NUL": "ann@example.test\0",
    "a NUL inside": "ann\0@example.test",
    "a line end": "ann@example.test\n",
    "CR LF": "ann\r\nx: y@example.test",
    "a tab": "ann\t@example.test",
    "blanks": " ann@example.test",
    "a blank behind": "ann@example.test ",
    "a placeholder": ":name",
    "another placeholder": "$1",
    "braces": "{name}@example.test",
    "a format": "%s%n%s@example.test",
    "long": "a" * 400 + "@example.test",
    "64 KB": "a" * 65536,
    "64 KB of quotes": "'" * 20000 + "@example.test",
    "an accent less": "jorg@example.test",
    "full width": "ａnn@example.test",
    "an emoji": "😀@example.test",
    "a mark that joins": "ann\u0301@example.test",
}
# Names that look alike, and are accounts.
EVEN_NAMES = ["o'neil@example.test", "under_score@example.test", "per%cent@example.test", "star*{x}@example.test",
              "hans@xn--bcher-kva.test"]


def case(name, without, got, want):
    """Not where the engine has no such thing: `without` says why."""
    if name not in without:
        equal(name, got(), want)


def run_logins(door, without):
    for name, (user, secret, want) in LOGINS.items():
        case(name, without, lambda: account_of(door.ask("login", name=user, secret=secret)), want)
    for account in ACCOUNTS:
        if not account.name.startswith("hash-"):
            continue
        name = f"login: {account.display_name}"
        case(name, without, lambda: door.login(account.name), "ok")
        case(f"{name}, wrong", without, lambda: door.login(account.name, SECRET + "x"), "denied")


def run_tokens(door, without):
    def by(**members):
        answer = door.ask("login", **members)
        return answer["account"]["name"] if answer["result"] == "ok" else answer["result"]

    case("token: alone", without, lambda: by(name="", secret=TOKEN), "bob@example.test")
    case("token: with its name", without, lambda: by(name="bob@example.test", secret=TOKEN), "bob@example.test")
    case("token: with another's name", without, lambda: by(name="ann@example.test", secret=TOKEN), "denied")
    case("token: another", without, lambda: by(name="", secret=TOKEN[:-1] + "y"), "denied")


def run_credentials(door, without):
    def credential(name, secret):
        return door.ask("login", name=name, secret=secret).get("credential")

    def holds(name, credential):
        return door.result("credential", name=name, credential=credential)

    case("credential: a password's", without, lambda: holds("ann@example.test", credential("ann@example.test", SECRET)), "ok")
    case("credential: a token's", without, lambda: holds("bob@example.test", credential("", TOKEN)), "ok")
    case("credential: none", without, lambda: holds("ann@example.test", ""), "ok")
    case("credential: another", without, lambda: holds("ann@example.test", "0" * 22), "denied")
    case("credential: of nobody", without, lambda: holds("nobody@example.test", ""), "denied")


def run_scram(door, without):
    def keys(name, mechanism="SCRAM-SHA-256"):
        answer = door.ask("scram", name=name, mechanism=mechanism)
        return answer.get("keys", answer["result"])

    case("scram: keys", without, lambda: keys("ann@example.test"), scram_keys(SECRET))
    case("scram: another hash", without, lambda: keys("ann@example.test", "SCRAM-SHA-1"), "missing")
    case("scram: a user without", without, lambda: keys("bob@example.test"), "missing")
    case("scram: half a word", without, lambda: keys("ann@example.test", "SCRAM-SHA"), "missing")
    case("scram: unknown user", without, lambda: keys("nobody@example.test"), "missing")


def run_everybody(door, without):
    def principals(domain):
        answer = door.ask("principals", domain=domain)
        return sorted((p["name"], p["display_name"], p["is_group"]) for p in answer["principals"])

    users = [(a.name, a.display_name, False) for a in ACCOUNTS if a.is_enabled]
    staff = ("staff", "The Staff", True)

    def of(domain):
        return sorted([u for u in users if u[0].endswith("@" + domain)] + [staff])

    case("domains", without, lambda: sorted(door.ask("domains")["domains"]), DOMAINS)
    for domain in ("example.test", "xn--bcher-kva.test", "catch.test"):
        case(f"principals: {domain}", without, lambda: principals(domain), of(domain))
    case("principals: of a domain below", without, lambda: principals("b.example.test"), [staff])
    case("principals: of a pattern", without, lambda: principals("%"), [staff])
    case("principals: of a group's domain", without, lambda: principals("other.test"), [("crew@other.test", "", True), staff])


def run_odd_names(door, without):
    for what, name in ODD_NAMES.items():
        case(f"odd: {what}: login", without, lambda: door.login(name), "denied")
        case(f"odd: {what}: account", without, lambda: door.result("account", name=name), "missing")
        case(f"odd: {what}: scram", without, lambda: door.result("scram", name=name, mechanism="SCRAM-SHA-256"), "missing")
        answer = door.result("resolve", address=name)
        case(f"odd: {what}: resolve", without, lambda: answer if answer not in ("missing", "denied", "syntax") else "nowhere",
             "nowhere")
        case(f"odd: {what}: as a password", without, lambda: door.login("ann@example.test", name), "denied")
        case(f"odd: {what}: principals", without, lambda: door.result("principals", domain=name), "ok")
    case("odd: a mechanism", without, lambda: door.result("scram", name="ann@example.test", mechanism="%"), "missing")
    case("odd: a credential", without, lambda: door.result("credential", name="ann@example.test", credential="' OR 1=1"),
         "denied")
    for name in EVEN_NAMES:
        case(f"even: {name}: login", without, lambda: door.login(name), "ok")
        case(f"even: {name}: resolve", without, lambda: targets_of(door.ask("resolve", address=name)), [local(name)])
    for line in (b'"\xff\xfe@example.test"', b'"\xc3"', b'"\\ud800@example.test"', b'"\\u0000"', b'7', b'null', b'["ann@example.test"]'):
        answer = door.line(b'{"id":7,"ask":"account","name":' + line + b'}')
        case(f"odd: {line}", without, lambda: answer["result"] in ("missing", "perm"), True)
    for line in (b"", b"{", b"[]", b'{"id":8,"ask":"DROP TABLE accounts"}', b'{"id":8}'):
        case(f"odd: the line {line}", without, lambda: door.line(line)["result"], "perm")
    case("odd: afterwards all is as it was", without,
         lambda: account_of(door.ask("login", name="ann@example.test", secret=SECRET)), ANN)


def run_cases(door, without=None):
    """`without`: {name of a case: why this engine cannot have it}."""
    without = without or {}
    run_logins(door, without)
    for name, (user, want) in ACCOUNT_CASES.items():
        case(name, without, lambda: account_of(door.ask("account", name=user)), want)
    for name, (address, want) in RESOLVE.items():
        case(name, without, lambda: targets_of(door.ask("resolve", address=address)), sorted(want, key=str)
             if isinstance(want, list) else want)
    run_tokens(door, without)
    run_credentials(door, without)
    run_scram(door, without)
    run_everybody(door, without)
    run_odd_names(door, without)
