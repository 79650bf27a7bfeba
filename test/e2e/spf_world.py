"""Random domains with SPF records, good and bad, and what pyspf (Debian's python3-spf) says of their hosts.

    world = World(random.Random(7))
    world.zone                                  for `staunch spf-check --dns FILE`
    world.ask(host, helo, sender)               (result, explanation or "") of pyspf

All hosts have addresses of both kinds, and all clients have names: the two count differently what leads to nothing,
where RFC 7208 4.6.4 leaves it open. No record includes itself by its name, or has an
unknown modifier twice: pyspf calls both wrong, the RFC does not. Nor is there "%{d0}", which the RFC forbids (7.3).
"""

import ipaddress

import spf

DOMAINS = [f"d{i}.test" for i in range(8)]
HOSTS = [f"h{i}.test" for i in range(10)]
SPECS = ["%{d}", "%{o}", "%{d2}", "%{dr}.r.test", "%{i}.x.test", "%{ir}.%{v}.x.test", "%{l}.x.test", "%{l1r-}.x.test",
         "%{p}.x.test", "%{h}", "%{S}.x.test", "%{l2r+-}.%{d1}", "%%.%_.%-.x.test", "%{c}.x.test", "%{d", "%",
         "one", "one.", "two..x.test", "x.123", "x.-test", "x.t-t", "x.test."]
DAMAGE = "=:/%. +-?~{}a1\x01"


class World:
    def __init__(self, chance):
        self.chance = chance
        self.records = {}
        for number, host in enumerate(HOSTS):
            self._add(host, "A", f"192.0.2.{number * 20}")
            self._add(host, "AAAA", f"2001:db8::{number * 20:x}")
            for kind in ("A", "AAAA"):
                address = self.records[host, kind][0]
                self._add(ipaddress.ip_address(address).reverse_pointer, "PTR", host)
        for domain in DOMAINS:
            self._add(domain, "A", self.address("A"))
            self._add(domain, "AAAA", self.address("AAAA"))
            for host in chance.sample(HOSTS, chance.randrange(1, 4)):
                self._add(domain, "MX", (chance.randrange(30), host))
            self._add(domain, "TXT", self._record(domain))
            self._add("e." + domain, "TXT", self._sentence())
        self.zone = "".join(self._line(name, kind, value) for (name, kind), values in self.records.items() for value in values)

    def _add(self, name, kind, value):
        self.records.setdefault((name, kind), []).append(value)

    def _line(self, name, kind, value):
        if kind == "TXT":
            value = '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\{ord(c):03}" for c in value) + '"'
        return f"{name} {kind} {' '.join(map(str, value)) if kind == 'MX' else value}\n"

    def address(self, kind=None):
        return self.chance.choice(self.records[self.chance.choice(HOSTS), kind or self.chance.choice(["A", "AAAA"])])

    def _spec(self):
        kind = self.chance.random()
        return self.chance.choice(DOMAINS) if kind < 0.6 else self.chance.choice(HOSTS) if kind < 0.9 else self.chance.choice(SPECS)

    def _lengths(self):
        return self.chance.choice([""] * 24 + ["/24", "/28", "//64", "/27//124", "/32//128", "/0", "//0", "/33", "//129", "/08"])

    def _term(self, domain):
        kind = self.chance.choice(["a", "a", "mx", "mx", "ptr", "include", "include", "exists", "ip4", "ip4", "ip6", "all", "other"])
        qualifier = self.chance.choice(["", "", "", "+", "-", "~", "?"])
        if kind == "ip4":
            return f"{qualifier}ip4:{self.address('A')}" + self.chance.choice(["", "", "/30", "/25", "/0"])
        if kind == "ip6":
            return f"{qualifier}ip6:{self.address('AAAA')}" + self.chance.choice(["", "", "/125", "/64", "/0"])
        if kind in ("a", "mx"):
            return qualifier + kind + self.chance.choice(["", ":" + self._spec()]) + self._lengths()
        if kind == "ptr":
            return qualifier + kind + self.chance.choice(["", ":test", ":x.test", ":" + self._spec()])
        if kind == "include":
            return f"{qualifier}include:{self.chance.choice([d for d in DOMAINS if d != domain] * 3 + ['%{h}', 'x.%{d}'])}"
        if kind == "exists":
            return f"{qualifier}exists:{self._spec()}"
        return qualifier + kind if kind == "all" else self.chance.choice([f"moo{self.chance.random()}=%{{d}}", "exp=e.%{d}"])

    def _record(self, domain):
        terms = [self._term(domain) for _ in range(self.chance.randrange(1, 6))]
        end = self.chance.random()
        terms += ["-all"] if end < 0.5 else ["redirect=" + self._spec()] if end < 0.7 else []
        if end < 0.4:
            terms.append("exp=e.%{d}")
        text = "v=spf1 " + " ".join(terms)
        if self.chance.random() < 0.05:
            at = self.chance.randrange(7, len(text))
            text = text[:at] + self.chance.choice(DAMAGE) + text[at + self.chance.randrange(2):]
        return text

    def _sentence(self):
        return self.chance.choice(["%{s} from %{c}", "no %{l} in %{d}%_%{o}", "see %{L}", "100%", "%{h} says %{p}"])

    def _lookup(self, name, kind, *unused):
        for value in self.records.get((name.lower(), kind), []):
            yield (name, kind), [value.encode("latin-1")] if kind == "TXT" else value

    def ask(self, host, helo, sender):
        spf.DNSLookup = self._lookup
        query = spf.query(i=host, s=sender, h=helo, receiver="unknown", strict=True, timeout=0, querytime=0)
        query.set_default_explanation("")
        result, _, explanation = query.check()
        return result, explanation if result == "fail" else ""
