#!/usr/bin/env python3
"""The settings that mail programs find by themselves: Thunderbird's file, Outlook's answer, and the SRV records agree,
and are what the server really listens on."""

import http.client
import imaplib
import re
import smtplib
import xml.etree.ElementTree as xml

from harness import Server, check, end, equal, insecure_tls

DOMAIN, HOST = "example.test", "mail.example.test"
USER, PASSWORD = "ann@example.test", "secret"
PATHS = {f"autoconfig.{DOMAIN}": "/mail/config-v1.1.xml", DOMAIN: "/.well-known/autoconfig/mail/config-v1.1.xml"}
OUTLOOK = "/autodiscover/autodiscover.xml"
SCHEMAS = "http://schemas.microsoft.com/exchange/autodiscover/"
REQUEST = f"""<?xml version="1.0" encoding="utf-8"?>\r
<Autodiscover xmlns="{SCHEMAS}outlook/requestschema/2006">\r
  <Request>\r
    <EMailAddress>%s</EMailAddress>\r
    <AcceptableResponseSchema>{SCHEMAS}%s/responseschema/2006a</AcceptableResponseSchema>\r
  </Request>\r
</Autodiscover>\r
"""
# How Thunderbird, Outlook and SRV (RFC 6186, RFC 8314 5.1) call the same four.
SERVICES = {"imaps": ("imap", "SSL", "IMAP", "_imaps._tcp."), "imap": ("imap", "STARTTLS", "IMAP", "_imap._tcp."),
            "submissions": ("smtp", "SSL", "SMTP", "_submissions._tcp."),
            "submission": ("smtp", "STARTTLS", "SMTP", "_submission._tcp.")}


def ask(server, method, host, path, body=None, port="https"):
    kind = http.client.HTTPSConnection if port == "https" else http.client.HTTPConnection
    options = {"context": insecure_tls()} if port == "https" else {}
    connection = kind(server.host, server.port(port), timeout=30, **options)
    headers = {"Host": host, "Content-Type": "text/xml"} if body else {"Host": host}
    connection.request(method, path, body=body, headers=headers)
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, (reply.getheader("Content-Type") or "").split(";")[0], text


def outlook(server, address, schema="outlook", host=f"autodiscover.{DOMAIN}", path=OUTLOOK):
    return ask(server, "POST", host, path, REQUEST % (address, schema))


def thunderbird_servers(text):
    """[(type, socket, host, port)] of the file, and its domain."""
    root = xml.fromstring(text)
    equal("version", (root.tag, root.get("version")), ("clientConfig", "1.1"))
    provider = root.find("emailProvider")
    equal("id and domain", provider.get("id"), provider.findtext("domain"))
    found = []
    for server in provider:
        if server.tag not in ("incomingServer", "outgoingServer"):
            continue
        equal("its type", server.get("type"), "imap" if server.tag == "incomingServer" else "smtp")
        equal("name and password", (server.findtext("username"), server.findtext("authentication")),
              ("%EMAILADDRESS%", "password-cleartext"))
        found.append((server.get("type"), server.findtext("socketType"), server.findtext("hostname"),
                      int(server.findtext("port"))))
    return found, provider.findtext("domain")


def outlook_protocols(text):
    """{type: (encryption, host, port, login)}"""
    space = f"{{{SCHEMAS}outlook/responseschema/2006a}}"
    root = xml.fromstring(text)
    equal("Outlook's root", root.tag, f"{{{SCHEMAS}responseschema/2006}}Autodiscover")
    account = root.find(f"{space}Response/{space}Account")
    equal("what to do", [account.findtext(space + name) for name in ("AccountType", "Action")], ["email", "settings"])
    found = {}
    for protocol in account.findall(space + "Protocol"):
        value = lambda name, p=protocol: p.findtext(space + name)
        check("one of each type", value("Type") not in found, text)
        equal("switches", [value(name) for name in ("DomainRequired", "SPA", "SSL", "AuthRequired")], ["off", "off", "on", "on"])
        found[value("Type")] = (value("Encryption"), value("Server"), int(value("Port")), value("LoginName"))
    return found


def test_same(server):
    """All three say the same."""
    for host, path in PATHS.items():
        for query in ("", f"?emailaddress={USER}", "?emailaddress=ann%40example.test"):
            status, kind, text = ask(server, "GET", host, path + query)
            equal(f"{host}{path}{query}", (status, kind), (200, "application/xml"))
            found, domain = thunderbird_servers(text)
            equal("whose", domain, DOMAIN)
            equal("TLS from the first byte before STARTTLS", found,
                  [(kind, socket, HOST, server.port(name)) for name, (kind, socket, *_) in SERVICES.items()])
    status, kind, text = outlook(server, USER)
    equal("Outlook", (status, kind), (200, "text/xml"))
    equal("its best ones", outlook_protocols(text), {
        "IMAP": ("SSL", HOST, server.port("imaps"), USER), "SMTP": ("SSL", HOST, server.port("submissions"), USER)})
    zone = server.command("domain", "dns", DOMAIN).stdout
    for name, (*_, prefix) in SERVICES.items():
        check(f"{prefix} agrees", f"{prefix}{DOMAIN}. SRV 0 1 {server.port(name)} {HOST}.\n" in zone, zone)
    check("Outlook by SRV", f"_autodiscover._tcp.{DOMAIN}. SRV 0 1 {server.port('https')} {HOST}.\n" in zone, zone)
    return found


def test_used(server, found):
    """A program that does what it is told gets in."""
    for kind, socket, _, port in found:
        name = f"{kind} {socket} {port}"
        context = insecure_tls()
        if kind == "imap":
            client = imaplib.IMAP4_SSL(server.host, port, ssl_context=context) if socket == "SSL" else imaplib.IMAP4(server.host, port)
            if socket == "STARTTLS":
                client.starttls(context)
            equal(name, client.login(USER, PASSWORD)[0], "OK")
            client.logout()
            continue
        client = smtplib.SMTP_SSL(server.host, port, context=context) if socket == "SSL" else smtplib.SMTP(server.host, port)
        if socket == "STARTTLS":
            client.starttls(context=context)
        equal(name, client.login(USER, PASSWORD)[0], 235)
        client.quit()


def test_whose(server):
    """Domains that are ours, by the address or else by the host's name; no other."""
    path = "/mail/config-v1.1.xml"
    server.command("domain", "add", "bücher.test")
    for host, query, want in (
            ("autoconfig.example.test:8443", "", DOMAIN),
            ("AutoConfig.EXAMPLE.test", "", "EXAMPLE.test"),
            (HOST, f"?emailaddress={USER}", DOMAIN),
            ("autoconfig.mail.example.test", "?emailaddress=bob@xn--bcher-kva.test", "xn--bcher-kva.test"),
            (f"autoconfig.{DOMAIN}", "?emailaddress=b%C3%B6b@b%C3%BCcher.test", "bücher.test"),
            (f"autoconfig.{DOMAIN}", "?emailaddress=%25EMAILADDRESS%25", DOMAIN),
            (f"autoconfig.{DOMAIN}", "?emailaddress=%zz", DOMAIN),
            (f"autoconfig.{DOMAIN}", "?emailaddress=x@other.test", None),
            (f"autoconfig.{DOMAIN}", "?emailaddress=%3C%2Fdomain%3E@%22%3E%3Cx%2F%3E", None),
            (HOST, "", None), ("autoconfig.other.test", "", None), ("autoconfig.", "", None), ("x.autoconfig.example.test", "", None)):
        status, _, text = ask(server, "GET", host, path + query)
        equal(f"{host}{query}", thunderbird_servers(text)[1] if status == 200 else None, want)
        check("found, or 404", status in (200, 404), str(status))
    equal("also over HTTP", ask(server, "GET", f"autoconfig.{DOMAIN}", path, port="http")[0], 200)
    same = ask(server, "GET", f"autoconfig.{DOMAIN}", f"{path}?emailaddress=nobody@{DOMAIN}")
    equal("who exists is not told", same, ask(server, "GET", f"autoconfig.{DOMAIN}", f"{path}?emailaddress={USER}"))
    equal("HEAD", ask(server, "HEAD", f"autoconfig.{DOMAIN}", path)[::2], (200, ""))
    equal("no POST", ask(server, "POST", f"autoconfig.{DOMAIN}", path, "x")[0], 405)


def test_outlook(server):
    equal("Exchange's spelling", outlook(server, USER, path="/Autodiscover/Autodiscover.xml")[0], 200)
    equal("whatever the host", outlook(server, USER, host=HOST)[0], 200)
    equal("who exists is not told", outlook(server, f"nobody@{DOMAIN}")[0], 200)
    text = outlook(server, "a&amp;&lt;b&gt;@example.test")[2]
    equal("markup in an address", outlook_protocols(text)["IMAP"][3], "a&<b>@example.test")
    equal("another's domain", outlook(server, "ann@other.test")[0], 404)
    equal("a telephone's question", outlook(server, USER, schema="mobilesync")[0], 400)
    equal("no address", outlook(server, "ann")[0], 400)
    for name, body, want in (("no XML", "x" * 100, 400), ("too long", "<Autodiscover>" + " " * 5000, 413),
                             ("an entity", '<!DOCTYPE a [<!ENTITY b "c">]>' + REQUEST % ("&b;@example.test", "outlook"), 400)):
        equal(name, ask(server, "POST", f"autodiscover.{DOMAIN}", OUTLOOK, body)[0], want)
    equal("GET", ask(server, "GET", f"autodiscover.{DOMAIN}", OUTLOOK)[0], 405)


def test_none():
    """Without IMAP there is nothing to tell, in DNS neither."""
    server = Server(start=False)
    with open(server.config) as f:
        text = f.read()
    with open(server.config, "w") as f:
        f.write(re.sub(r"\[listener imaps?\]\n[^\[]*", "", text))
    zone = server.command("domain", "dns", DOMAIN).stdout
    check("no records", "autoconfig." not in zone and "autodiscover" not in zone and "_submissions." in zone, zone)
    with server:
        server.start()
        for host, path in PATHS.items():
            equal(f"{host}: nothing", ask(server, "GET", host, path)[0], 404)
        equal("Outlook: nothing", outlook(server, USER)[0], 404)


def test_no_directory():
    """Programs are told to come again, not that the domain is not ours."""
    with Server(settings="[directory]\nengine = program\nprogram = /bin/false\n") as server:
        for host, path in PATHS.items():
            equal(f"{host}: later", ask(server, "GET", host, path)[0], 503)
        equal("Outlook: later", outlook(server, USER)[0], 503)


def main():
    with Server() as server:
        server.add_user(USER, PASSWORD)
        found = test_same(server)
        test_used(server, found)
        test_whose(server)
        test_outlook(server)
    test_none()
    test_no_directory()
    end()


main()
