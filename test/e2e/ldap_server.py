"""OpenLDAP for one test: Debian's slapd in a folder of its own, on loopback ports.

    with Slapd(certificate) as ldap:        with ldaps and StartTLS; Slapd() without
        ldap.url, ldap.tls_url, ldap.socket_url
        ldap.settings(login="bind", ..)     of [directory-ldap] for the entries below, as the `open` line has them
        ldap.stop(); ldap.start()           the same data, the same ports; ldap.kill() without a farewell
        ldap.modify(ldif)

The accounts of directory_cases.py are below dc=cases, in attributes of UTF-8 that are made here, since mail takes ASCII
only (RFC 4524 2.16); below dc=plain are some as most directories have them, for the default settings.
"""

import base64
import os
import subprocess
import tempfile

from databases import PASSWORD, Daemon
from directory_cases import ACCOUNTS, ALIASES, DOMAINS, GROUPS, LISTS, defaults
from harness import free_port

ROOT = "dc=test"
SERVICE = "cn=staunch," + ROOT
TEXT, NUMBER, TRUTH, NAME = ("1.3.6.1.4.1.1466.115.121.1." + kind for kind in ("15", "27", "7", "12"))

SCHEMA = "".join(
    f"attributetype ( 1.3.6.1.4.1.32473.1.{i} NAME '{name}' {rules} SYNTAX {syntax} )\n"
    for i, (name, rules, syntax) in enumerate((
        ("address", "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch", TEXT),
        ("otherAddress", "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch", TEXT),
        ("target", "EQUALITY caseIgnoreMatch", TEXT),
        ("memberAddress", "EQUALITY caseIgnoreMatch", TEXT),
        ("scramKeys", "EQUALITY caseExactMatch", TEXT),
        ("quotaSize", "EQUALITY integerMatch", NUMBER),
        ("quotaCount", "EQUALITY integerMatch", NUMBER),
        ("mayLogin", "EQUALITY booleanMatch", TRUTH),
        ("inGroup", "EQUALITY distinguishedNameMatch", NAME),
    ))) + """
objectclass ( 1.3.6.1.4.1.32473.2.1 NAME 'mailUser' SUP top AUXILIARY
 MAY ( address $ otherAddress $ scramKeys $ quotaSize $ quotaCount $ mayLogin $ inGroup ) )
objectclass ( 1.3.6.1.4.1.32473.2.2 NAME 'mailAlias' SUP top STRUCTURAL MUST ( cn $ address $ target ) )
objectclass ( 1.3.6.1.4.1.32473.2.3 NAME 'mailList' SUP top AUXILIARY MAY ( address $ memberAddress ) )
"""

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/misc.schema
include {folder}/own.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
allow bind_anon_cred bind_anon_dn
{tls}
database mdb
suffix "{root}"
rootdn "cn=root,{root}"
rootpw root
directory {folder}/data
maxsize 33554432
dbnosync
access to attrs=userPassword,scramKeys by dn.exact="{service}" read by anonymous auth by * none
access to * by dn.exact="{service}" read by * none
"""


def entry(dn, **attributes):
    """One entry as LDIF; values are encoded, whatever they hold."""
    lines = ["dn:: " + base64.b64encode(dn.encode()).decode()]
    for name, values in attributes.items():
        for value in values if isinstance(values, list) else [values]:
            if value != "":
                lines.append(f"{name}:: " + base64.b64encode(str(value).encode()).decode())
    return "\n".join(lines) + "\n\n"


PEOPLE = "ou=People\\, \\\"all\\\" \\+ (some) *,dc=cases," + ROOT


def dn_of(name):
    for i, account in enumerate(ACCOUNTS):
        if account.name == name:
            return f"uid=u{i}," + PEOPLE
    return "uid=gone," + PEOPLE


def cases_ldif():
    own = {}  # addresses in the account's entry; others are aliases with an entry of their own
    for address, targets in ALIASES.items():
        if len(targets) == 1 and any(a.name == targets[0] for a in ACCOUNTS):
            own.setdefault(targets[0], []).append(address)
    out = entry("dc=cases," + ROOT, objectClass=["dcObject", "organizationalUnit", "domainRelatedObject"], dc="cases",
                ou="cases", associatedDomain=DOMAINS)
    out += entry(PEOPLE, objectClass="organizationalUnit", ou="People, \"all\" + (some) *")
    for a in ACCOUNTS:
        groups = [f"cn={group},dc=cases,{ROOT}" for group, (_, members) in GROUPS.items() if a.name in members]
        out += entry(dn_of(a.name), objectClass=["inetOrgPerson", "mailUser"], cn="x", sn="x", address=a.name,
                     displayName=a.display_name, otherAddress=own.get(a.name, []), mayLogin="TRUE" if a.is_enabled else "FALSE",
                     quotaSize=a.quota_bytes or "", quotaCount=a.quota_messages or "", inGroup=groups,
                     userPassword=[p for p in a.passwords if not p.startswith("SCRAM-")],
                     scramKeys=[p for p in a.passwords if p.startswith("SCRAM-")])
    for i, (address, targets) in enumerate(ALIASES.items()):
        if not any(address in addresses for addresses in own.values()):
            out += entry(f"cn=a{i},dc=cases,{ROOT}", objectClass="mailAlias", cn=f"a{i}", address=address, target=targets)
    for i, (address, members) in enumerate(LISTS.items()):
        people = [m for m in members if any(a.name == m for a in ACCOUNTS)]
        out += entry(f"cn=l{i},dc=cases,{ROOT}", objectClass=["groupOfNames", "mailList"], cn=f"l{i}", address=address,
                     member=[dn_of(m) for m in people + ["gone@"]], memberAddress=[m for m in members if m not in people])
    for name, (title, members) in GROUPS.items():
        out += entry(f"cn={name},dc=cases,{ROOT}", objectClass="groupOfNames", cn=name, description=title,
                     member=[dn_of(m) for m in members or ["gone@"]])
    return out


def plain_ldif():
    """As most have them: inetOrgPerson, groupOfNames, nisMailAlias."""
    base, hashed = "dc=plain," + ROOT, ACCOUNTS[1].passwords[0]
    out = entry(base, objectClass=["dcObject", "organizationalUnit", "domainRelatedObject"], dc="plain", ou="plain",
                associatedDomain="plain.test")
    out += entry("uid=ann," + base, objectClass="inetOrgPerson", uid="ann", cn="Ann of Plain", sn="x", mail="Ann@Plain.test",
                 userPassword=hashed)
    out += entry("uid=many," + base, objectClass="inetOrgPerson", uid="many", cn="Many", sn="x",
                 mail=["z@plain.test", "a@plain.test", "m@plain.test"], userPassword=hashed)
    out += entry("uid=ad," + base, objectClass=["inetOrgPerson", "mailUser"], uid="ad", cn="Adam", sn="x", mail="ad@plain.test",
                 otherAddress=["SMTP:ad@plain.test", "smtp:Adam@plain.test", "sip:ad@plain.test", "x500:/o=" + "x" * 500])
    for i in range(2):
        out += entry(f"uid=twin{i}," + base, objectClass="inetOrgPerson", uid=f"twin{i}", cn="Twin", sn="x",
                     mail="twin@plain.test", userPassword=hashed)
    out += entry("cn=root@plain.test," + base, objectClass="nisMailAlias", cn="root@plain.test",
                 rfc822MailMember=["ann@plain.test", "far@far.test"])
    out += entry("cn=crew," + base, objectClass=["groupOfNames", "extensibleObject"], cn="crew", mail="crew@plain.test",
                 member=["uid=ann," + base, "uid=gone," + base], rfc822MailMember="x@far.test")
    return out


class Slapd(Daemon):
    engine = "slapd"

    def __init__(self, certificate=None):
        self.folder = tempfile.mkdtemp(prefix="staunch-ldap-")
        self.port, self.tls_port = free_port(), free_port()
        self.url, self.tls_url = f"ldap://127.0.0.1:{self.port}", f"ldaps://localhost:{self.tls_port}"
        self.socket_url = "ldapi://" + (self.folder + "/socket").replace("/", "%2F")
        self.certificate = certificate
        os.mkdir(os.path.join(self.folder, "data"))
        tls = f"TLSCertificateFile {certificate.chain}\nTLSCertificateKeyFile {certificate.key}\n" if certificate else ""
        self.write("own.schema", SCHEMA)
        self.write("conf", CONFIG.format(folder=self.folder, tls=tls, root=ROOT, service=SERVICE))
        self.write("ldif", entry(ROOT, objectClass=["dcObject", "organizationalUnit"], dc="test", ou="test") +
                   entry(SERVICE, objectClass=["organizationalRole", "simpleSecurityObject"], cn="staunch",
                         userPassword=PASSWORD) + cases_ldif() + plain_ldif())
        subprocess.run(["/usr/sbin/slapadd", "-q", "-f", self.folder + "/conf", "-l", self.folder + "/ldif"], check=True,
                       timeout=60, stdout=subprocess.DEVNULL)
        self.start()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def command(self):
        urls = [self.url, self.socket_url, *([self.tls_url] if self.certificate else [])]
        return ["/usr/sbin/slapd", "-d", "0", "-f", self.folder + "/conf", "-h", " ".join(urls)]

    def is_ready(self):
        return subprocess.run(self.client("ldapwhoami"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=60).returncode == 0

    def client(self, program):
        return [program, "-x", "-H", self.url, "-D", "cn=root," + ROOT, "-w", "root"]

    def modify(self, ldif):
        subprocess.run(self.client("ldapmodify"), input=ldif.encode(), check=True, timeout=60, stdout=subprocess.DEVNULL)

    def plain_settings(self, **changes):
        """What an owner sets who has a plain directory; all else as it is by default."""
        return {**defaults("directory-ldap"), "url": self.url, "base": "dc=plain," + ROOT, "bind-dn": SERVICE,
                "bind-password": PASSWORD, "connect-timeout": 3000, "timeout": 5000,
                **{key.replace("_", "-"): value for key, value in changes.items()}}

    def settings(self, **changes):
        own = {
            "base": "dc=cases," + ROOT,
            "filter-account": "(&(objectClass=mailUser)(address={name}))",
            "filter-address": "(&(objectClass=mailUser)(otherAddress={address}))",
            "filter-alias": "(&(objectClass=mailAlias)(address={address}))",
            "filter-alias-of": "(&(objectClass=mailAlias)(target={address}))",
            "filter-list": "(&(objectClass=mailList)(address={address}))",
            "filter-group-of": "(&(objectClass=groupOfNames)(!(objectClass=mailList))(member={dn}))",
            "filter-all-groups": "(&(objectClass=groupOfNames)(!(objectClass=mailList)))",
            "filter-accounts": "(&(objectClass=mailUser)(address=*@{domain}))",
            "filter-postmaster": "(|(address=postmaster@*)(otherAddress=postmaster@*))",
            "attribute-name": "address", "attribute-addresses": "address otherAddress",
            "attribute-display-name": "displayName", "attribute-quota-bytes": "quotaSize",
            "attribute-quota-messages": "quotaCount", "attribute-enabled": "mayLogin",
            "attribute-password": "userPassword scramKeys", "attribute-alias": "address", "attribute-target": "target",
            "attribute-list": "address", "attribute-member": "memberAddress", "attribute-member-dn": "member",
        }
        return {**self.plain_settings(), **own, **{key.replace("_", "-"): value for key, value in changes.items()}}
