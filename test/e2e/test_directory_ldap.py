#!/usr/bin/env python3
"""Accounts in a real OpenLDAP."""

import os
import socket
import socketserver
import tempfile
import threading

from certificates import EXPIRED, Authority
from databases import PASSWORD
from directory_cases import ACCOUNTS, SECRET, Door, account_of, local, remote, run_cases, targets_of
from directory_sql import login, rcpt, until
from harness import BINARY, Server, check, end, equal, family, freeze, need, thaw
from ldap_server import Slapd, dn_of

PROGRAM = BINARY + "-directory-ldap"
OWN_NAMES = sorted({"localhost", socket.gethostname(), socket.getfqdn()})  # libldap asks localhost for the host's own name
NO_TOKENS = {name: "tokens are in no LDAP" for name in ("token: alone", "token: with its name", "credential: a token's")}


class Log:
    """What the programs print, all of them."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="staunch-ldap-log-")

    def text(self):
        with open(self.file.name, errors="replace") as file:
            return file.read()


LOG = Log()


def door(settings):
    return Door(PROGRAM, settings, open(LOG.file.name, "ab"))


def test_cases(ldap):
    """All of them, with passwords read out of the entries."""
    with door(ldap.settings(login="password")) as d:
        equal("it opens", d.opened, {"id": 0, "result": "ok"})
        run_cases(d, NO_TOKENS)


def test_cases_by_bind(ldap):
    """The same with the server's own look at passwords; it knows few hashes. Groups by attribute, domains by setting."""
    reason = "slapd does not know the hash"
    unknown = {}
    for account in ACCOUNTS:
        if account.name.startswith("hash-") and account.name != "hash-ssha@example.test":
            unknown[f"login: {account.display_name}"] = unknown[f"login: {account.display_name}, wrong"] = reason
    without = {**NO_TOKENS, **unknown, "scram: keys": "keys are not read", "credential: a password's": "see test_changed",
               "credential: another": "see test_changed", "odd: a credential": "see test_changed"}
    domains = " ".join(("Catch.test", "example.test", "xn--bcher-kva.test"))
    settings = ldap.settings(login="bind", attribute_member_of="inGroup", domains=domains.lower())
    with door(settings) as d:
        equal("bind: it opens", d.opened, {"id": 0, "result": "ok"})
        run_cases(d, without)
        answer = d.ask("login", name="ann@example.test", secret=SECRET)
        equal("bind: a login without a mark of its own", answer["credential"], "")


def test_changed(ldap):
    """A login ends with what changes when its password does."""
    with door(ldap.settings(login="bind", attribute_changed="quotaCount")) as d:
        mark = d.ask("login", name="bob@example.test", secret=SECRET)["credential"]
        equal("changed: not yet", d.result("credential", name="bob@example.test", credential=mark), "ok")
        equal("changed: no password", d.login("bob@example.test", "changed 7"), "denied")
        change = f"dn: {dn_of('bob@example.test')}\nchangetype: modify\nreplace: quotaCount\nquotaCount: %d\n"
        ldap.modify(change % 8)
        equal("changed: now", d.result("credential", name="bob@example.test", credential=mark), "denied")
        ldap.modify(change % 7)


def test_plain(ldap):
    """The default settings, and an entry as most have it."""
    with door(ldap.plain_settings()) as d:
        equal("plain: it opens", d.opened, {"id": 0, "result": "ok"})
        ann = ("ann@plain.test", "Ann of Plain", 0, 0, True, "ann@plain.test", ["ann@plain.test", "root@plain.test"], ["crew"])
        equal("plain: login", account_of(d.ask("login", name="ann@plain.test", secret=SECRET)), ann)
        equal("plain: wrong password", d.login("ann@plain.test", "x"), "denied")
        for secret in ("", "\0", SECRET + "\0", "\0" + SECRET):
            equal(f"plain: no bind with {secret!r}", d.login("ann@plain.test", secret), "denied")
        equal("plain: alias", targets_of(d.ask("resolve", address="root@plain.test")), [local("ann@plain.test"), remote("far@far.test")])
        crew = "crew@plain.test"
        equal("plain: list", targets_of(d.ask("resolve", address=crew)), [local("ann@plain.test", via=crew), remote("x@far.test", crew)])
        equal("plain: domains", d.ask("domains")["domains"], ["plain.test"])
        for name in ("z@plain.test", "a@plain.test", "m@plain.test"):
            equal("plain: of several names always the same", d.ask("login", name=name, secret=SECRET)["account"]["name"], "a@plain.test")
        equal("plain: two entries are none to choose from", d.login("twin@plain.test"), "temp")
        check("plain: said", "finds two entries" in LOG.text())
    proxy = "(&(objectClass=mailUser)(otherAddress=smtp:{address}))"
    with door(ldap.plain_settings(filter_address=proxy, attribute_addresses="mail otherAddress")) as d:
        equal("plain: proxyAddresses", sorted(d.ask("account", name="ad@plain.test")["account"]["addresses"]),
              ["Adam@plain.test", "ad@plain.test"])
        for address in ("adam@plain.test", "ad@plain.test"):
            equal(f"plain: mail for {address}", targets_of(d.ask("resolve", address=address)), [local("ad@plain.test")])
        equal("plain: another scheme", d.result("resolve", address="sip:ad@plain.test"), "syntax")
    with door(ldap.plain_settings(filter_account="(uid={local})", attribute_quota_bytes="nosuch")) as d:
        equal("plain: by a part of the name", d.ask("login", name="ann@plain.test", secret=SECRET)["account"]["name"], "ann@plain.test")
        equal("plain: a star is no wildcard", d.login("*@plain.test"), "denied")


def test_enabled(ldap):
    """Only a word for yes, or none at all, lets an account in."""
    ann = "dn: uid=ann,dc=plain,dc=test\nchangetype: modify\n"
    with door(ldap.plain_settings(attribute_enabled="employeeType")) as d:
        equal("enabled: not said", d.login("ann@plain.test"), "ok")
        for word, want in (("TRUE", "ok"), ("yes", "ok"), ("512", "ok"), ("FALSE", "denied"), ("no", "denied"), ("n", "denied"),
                           ("f", "denied"), ("0", "denied"), ("00", "denied"), ("disabled", "denied")):
            ldap.modify(ann + f"replace: employeeType\nemployeeType: {word}\n")
            equal(f"enabled: {word}", d.login("ann@plain.test"), want)
            offered = [p["name"] for p in d.ask("principals", domain="plain.test")["principals"]]
            equal(f"enabled: {word}: to share with", "ann@plain.test" in offered, want == "ok")
        ldap.modify(ann + "delete: employeeType\n")


def test_wrong_settings(ldap):
    rows = (
        ("a parameter", {"filter_account": "(mail={nom})"}, "perm", "filter-account"),
        ("another search's parameter", {"filter_domain": "(mail={name})"}, "perm", "filter-domain"),
        ("no parentheses", {"filter_list": "mail={address}"}, "perm", "filter-list"),
        ("a parenthesis", {"filter_list": "(mail={address}"}, "perm", "filter-list"),
        ("a brace", {"filter_list": "(mail={address)"}, "perm", "filter-list"),
        ("no filter", {"filter_list": "(&(mail))"}, "perm", "no filter"),
        ("no url", {"url": "http://127.0.0.1"}, "perm", "url"),
        ("no base", {"base": ""}, "perm", "base"),
        ("password", {"bind_password": "wrong"}, "temp", "Invalid credentials"),
        ("user", {"bind_dn": "cn=nobody,dc=test"}, "temp", "Invalid credentials"),
        ("no DN", {"bind_dn": "nobody"}, "temp", "Invalid DN"),
        ("port", {"url": "ldap://127.0.0.1:1"}, "temp", "Can't contact"),
    )
    for name, changes, result, why in rows:
        with door(ldap.settings(**changes)) as d:
            equal(f"settings: {name}", d.opened["result"], result)
            check(f"settings: {name}: said", why in d.opened["why"], d.opened)
            if result == "temp":
                equal(f"settings: {name}: an answer", d.login("nobody@example.test"), "temp")
    with door(ldap.settings(base="dc=nowhere")) as d:
        equal("settings: a base that is not there is no proof", d.result("resolve", address="nobody@example.test"), "temp")
    with door(ldap.settings(bind_dn="", bind_password="", domains="example.test")) as d:
        equal("settings: who may read nothing knows nothing", d.result("account", name="ann@example.test"), "temp")
    settings = ldap.settings()
    del settings["filter-domain"]
    with door(settings) as d:
        equal("settings: one is missing", d.opened["result"], "perm")
        check("settings: which", "filter-domain" in d.opened["why"], d.opened)
    check("passwords are in no log", PASSWORD not in LOG.text() and SECRET not in LOG.text())


def test_servers(ldap):
    with door(ldap.settings(url="ldap://127.0.0.1:1 " + ldap.url)) as d:
        equal("the second server answers", d.login("ann@example.test"), "ok")
    with door(ldap.settings(url=ldap.socket_url)) as d:
        equal("a socket", d.login("ann@example.test"), "ok")


class Silent(socketserver.BaseRequestHandler):
    """A server that lets everybody in and tells nothing (unwillingToPerform, RFC 4511 4.1.9)."""

    def part(self, n):
        return self.request.recv(n, socket.MSG_WAITALL)

    def handle(self):
        while head := self.part(2):
            length = head[1] if head[1] < 0x80 else int.from_bytes(self.part(head[1] & 0x7f), "big")
            body = self.part(length)
            ident, operation = body[:2 + body[1]], body[2 + body[1]]
            if operation not in (0x60, 0x63):  # bind, search
                return
            code = 0 if operation == 0x60 else 53
            answer = ident + bytes((operation + 1 if operation == 0x60 else 0x65, 7, 0x0a, 1, code, 4, 0, 4, 0))
            self.request.sendall(bytes((0x30, len(answer))) + answer)


def test_silent(ldap):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"ldap://127.0.0.1:{server.server_address[1]}"
        with door(ldap.settings(url=url)) as d:
            equal("a server that says nothing of itself: it opens", d.opened, {"id": 0, "result": "ok"})
            equal("a server that says nothing of itself: an answer", d.login("ann@example.test"), "temp")
        with door(ldap.settings(url=url, filter_postmaster="(&(mail))")) as d:
            equal("a server that says nothing of itself: a wrong filter", d.opened["result"], "perm")
            check("a server that says nothing of itself: which", "(&(mail))" in d.opened["why"], d.opened)
        server.shutdown()


def test_tls(ldap, ca):
    def result(url, **settings):
        with door(ldap.settings(url=url, **settings)) as d:
            if d.opened["result"] != "ok":
                check("tls: it says why", len(d.opened["why"]) > 10, d.opened)
                return d.opened["result"]
            equal(f"tls: {url}: login", d.login("ann@example.test"), "ok")
            equal(f"tls: {url}: wrong password", d.login("ann@example.test", "x"), "denied")
            return "ok"

    by_name = f"ldap://localhost:{ldap.port}"
    with Authority("Another") as other:
        for way, url, tls in (("ldaps", ldap.tls_url, "auto"), ("StartTLS", by_name, "starttls")):
            equal(f"tls: {way}", result(url, tls=tls, ca_file=ca.path), "ok")
            equal(f"tls: {way}: another authority", result(url, tls=tls, ca_file=other.path), "temp")
            equal(f"tls: {way}: the system's authorities", result(url, tls=tls), "temp")
            equal(f"tls: {way}: another name", result(url.replace("localhost", "127.0.0.1"), tls=tls, ca_file=ca.path), "temp")
            equal(f"tls: {way}: no such file", result(url, tls=tls, ca_file="/nowhere"), "temp")


def test_expired(ldap, ca):
    for way, url, tls in (("ldaps", ldap.tls_url, "auto"), ("StartTLS", f"ldap://localhost:{ldap.port}", "starttls")):
        with door(ldap.settings(url=url, tls=tls, ca_file=ca.path)) as d:
            equal(f"tls: {way}: a certificate that is over", d.opened["result"], "temp")


def test_no_tls(ldap):
    with door(ldap.settings(tls="starttls")) as d:
        equal("tls: a server without", d.opened["result"], "temp")
        check("tls: a server without: said", "offers no StartTLS" in d.opened["why"], d.opened)


def test_lost(ldap):
    with door(ldap.settings(connect_timeout=1000)) as d:
        equal("before", d.login("ann@example.test"), "ok")
        ldap.stop()
        ldap.start()
        equal("started anew between two questions", d.login("ann@example.test"), "ok")
        before = LOG.text().count("directory.down")
        ldap.stop()
        for _ in range(20):
            equal("stopped: login", d.login("ann@example.test"), "temp")
            equal("stopped: wrong password", d.login("ann@example.test", "x"), "temp")
            equal("stopped: account", d.result("account", name="nobody@example.test"), "temp")
            equal("stopped: resolve", d.result("resolve", address="nobody@example.test"), "temp")
            equal("stopped: credential", d.result("credential", name="ann@example.test", credential="x"), "temp")
            equal("stopped: domains", d.result("domains"), "temp")
        equal("stopped: said once", LOG.text().count("directory.down"), before + 1)
        ldap.start()
        until("started again", lambda: d.login("ann@example.test"), "ok", ("temp",))
        ldap.kill()
        ldap.start()
        equal("killed and started between two questions", d.login("ann@example.test"), "ok")
    ldap.stop()
    with door(ldap.settings(connect_timeout=1000)) as d:
        equal("down at the start", d.opened["result"], "temp")
        equal("down at the start: an answer", d.login("ann@example.test"), "temp")
        ldap.start()
        until("down at the start, then up", lambda: d.login("ann@example.test"), "ok", ("temp",))


def test_frozen(ldap):
    with door(ldap.settings(timeout=300, connect_timeout=500)) as d:
        equal("before", d.login("ann@example.test"), "ok")
        frozen = freeze(ldap.process.pid)
        for _ in range(3):
            equal("frozen", d.login("ann@example.test"), "temp")
        thaw(frozen)
        until("thawed", lambda: d.login("ann@example.test"), "ok", ("temp",))


def server_settings(ldap):
    """[directory-ldap] as an owner writes it, the password in a file."""
    path = os.path.join(ldap.folder, "password")
    with open(path, "w") as file:
        file.write(PASSWORD + "\n")
    own = {**ldap.settings(), "bind-password": "file:" + path, "connect-timeout": "1s", "timeout": "5s"}
    return "[directory]\nengine = ldap\ncache = 0\nlogin-cache = 0\n[directory-ldap]\n" + "".join(
        f"{key} = {value}\n" for key, value in own.items() if value != "")


def test_config_check(ldap):
    for name, settings, why in (("a filter", "filter-list = (mail={nobody}", "[directory-ldap] filter-list: a filter stands in"),
                                ("no base", "base =", "[directory-ldap] url and base must be set")):
        with Server(settings=server_settings(ldap) + settings + "\n", start=False) as server:
            said = server.command("config", "check", check_status=False)
            check(f"config check: {name}", said.returncode == 1 and why in said.stderr, said)


def test_wrong_base(ldap):
    """A base that is not there is no "no such user", and the owner hears which setting it is."""
    with Server(settings=server_settings(ldap) + "base = dc=elsewhere,dc=test\n", start=False) as server:
        said = server.command("directory", "test", "ann@example.test", check_status=False)
        check("a wrong base", said.returncode == 1 and "[directory-ldap] base: is it right" in said.stderr and "no such" not in
              said.stderr.split("staunch: ")[-1], said.stderr)


def command_lines(pid):
    for child in family(pid):
        for name in ("cmdline", "environ"):
            with open(f"/proc/{child}/{name}", "rb") as file:
                yield file.read()


def test_server(ldap):
    """Mail and logins of a whole server while its LDAP server comes and goes."""
    with Server(settings=server_settings(ldap)) as server:
        equal("server: login", login(server, "ann@example.test"), "ok")
        equal("server: wrong password", login(server, "ann@example.test", "x"), "denied")
        equal("server: rcpt", rcpt(server, "info@example.test"), 250)
        equal("server: rcpt nobody", rcpt(server, "nobody@example.test"), 550)
        said = server.command("directory", "test", "sales@example.test")
        check("server: directory test", "accounts in   LDAP" in said.stdout and "mail goes to  ann@example.test" in said.stdout,
              said.stdout)
        said = server.command("user", "passwd", "ann@example.test", "--password-stdin", input="x\n", check_status=False)
        check("server: accounts are changed elsewhere", said.returncode == 1 and "kept in LDAP" in said.stderr, said)
        check("server: no secret in arguments or environments",
              not any(PASSWORD.encode() in text for text in command_lines(server.process.pid)))
        ldap.stop()
        equal("server: down: login", login(server, "ann@example.test"), "temp")
        equal("server: down: rcpt", rcpt(server, "ann@example.test") // 100, 4)
        equal("server: down: rcpt nobody", rcpt(server, "nobody@example.test") // 100, 4)
        said = server.command("directory", "test", "ann@example.test", check_status=False)
        check("server: down: directory test", said.returncode == 1 and "Can't contact LDAP server" in said.stderr, said)
        ldap.start()
        until("server: up again: login", lambda: login(server, "ann@example.test"), "ok", ("temp",))
        until("server: up again: rcpt", lambda: rcpt(server, "ann@example.test"), 250, (450, 451, 452))
        until("server: up again: rcpt nobody", lambda: rcpt(server, "nobody@example.test"), 550, (450, 451, 452))
        check("server: the password is in no log", PASSWORD not in server.log())


def main():
    if not (need("/usr/sbin/slapd") and need("ldapwhoami")):
        end()
    with Authority() as ca, Slapd(ca.issue(*OWN_NAMES)) as ldap:
        test_cases(ldap)
        test_cases_by_bind(ldap)
        test_changed(ldap)
        test_plain(ldap)
        test_enabled(ldap)
        test_wrong_settings(ldap)
        test_servers(ldap)
        test_silent(ldap)
        test_tls(ldap, ca)
        test_lost(ldap)
        test_frozen(ldap)
        test_config_check(ldap)
        test_wrong_base(ldap)
        test_server(ldap)
        with Slapd(ca.issue(*OWN_NAMES, valid=EXPIRED)) as old:
            test_expired(old, ca)
    with Slapd() as ldap:
        test_no_tls(ldap)
    broken = [line for line in LOG.text().split("\n") if "Sanitizer" in line or "runtime error" in line]
    check("no sanitizer report in the log", not broken, "\n".join(broken[:5]))
    end()


main()
