#!/usr/bin/python3
"""SPF: the OpenSPF project's 203 cases for RFC 7208, and random records beside another implementation."""

import json
import os
import random
import tempfile

from harness import ROOT, check, end, equal, run, skip

SUITE = "shared/data/spf/rfc7208-tests.yml"
CASES = 203
WORLDS, QUESTIONS = 60, 4  # in each world
DEFAULT = "DEFAULT"  # the suite's word: the domain explains nothing


def spf_check(zone, host, helo, sender):
    """What our command says, with the zone as all of DNS."""
    with tempfile.NamedTemporaryFile("w", suffix=".zone") as file:
        file.write(zone)
        file.flush()
        return json.loads(run("spf-check", "--dns", file.name, host, helo, sender).stdout)


def find_suite():
    """Beside the tree, or beside the folder of several trees."""
    for above in ("..", "../.."):
        path = os.path.join(ROOT, above, SUITE)
        if os.path.exists(path):
            return path
    return None


def test_suite(path):
    try:
        import spf_suite
    except ImportError:
        skip("the OpenSPF project's suite", "no yaml for Python (test/packages names its package)")
        return
    passed = total = 0
    for scenario in spf_suite.scenarios(path):
        for case in scenario.cases:
            name = f"{scenario.description}: {case.name}"
            got = spf_check(scenario.zone, case.host, case.helo, case.mailfrom)
            good = check(name, got["result"] in case.results, f"got {got}, want {case.results}")
            if case.explanation is not None and got["result"] == "fail":
                want = "" if case.explanation == DEFAULT else case.explanation
                good = equal(f"{name}: explanation", got["explanation"], want) and good
            passed += good
            total += 1
    print(f"the OpenSPF project's suite: {passed} of {total} cases")
    equal("all cases of the suite were run", total, CASES)


def test_beside_another():
    """The same worlds each time: it overlooks a mistake now and then. Debian's Python has it, and runs this file."""
    try:
        import spf_world
    except ImportError:
        skip("random records beside pyspf", "not installed (test/packages names its package)")
        return
    seen = {}
    for seed in range(WORLDS):
        chance = random.Random(seed)
        world = spf_world.World(chance)
        for _ in range(QUESTIONS):
            host, helo = world.address(), chance.choice(spf_world.HOSTS + ["x y"])
            sender = chance.choice(["ann", "a-b+c", "x"]) + "@" + chance.choice(spf_world.DOMAINS)
            result, explanation = world.ask(host, helo, sender)
            got = spf_check(world.zone, host, helo, sender)
            equal(f"world {seed}, {host} {helo} {sender}", (got["result"], got["explanation"]), (result, explanation))
            seen[result] = seen.get(result, 0) + 1
    print("random records beside pyspf:", ", ".join(f"{result} {count}" for result, count in sorted(seen.items())))
    check("they came to every result that there is", {"pass", "fail", "softfail", "neutral", "permerror"} <= set(seen), seen)


def test_use():
    """What is no question is said, with the status for wrong use."""
    for arguments in (["--dns", os.devnull, "192.0.2", "h.test", ""],
                      ["--dns", os.devnull, "192.0.2.1", "h.test"], ["--dns", os.devnull, "--now", "x", "192.0.2.1", "h", ""]):
        equal(f"spf-check {arguments}: status", run("spf-check", *arguments, check_status=False).returncode, 2)
    got = spf_check('h.test TXT "v=spf1 -all exp=e.test"\ne.test TXT "%{s} %{t}"\n', "192.0.2.1", "h.test", "<>")
    equal("a null sender", (got["identity"], got["domain"]), ("helo", "h.test"))
    check("and its explanation", got["explanation"].startswith("postmaster@h.test 1"), got)


def main():
    test_use()
    path = find_suite()
    if path is None:
        skip("the OpenSPF project's suite", f"{SUITE} is not beside this tree")
    else:
        test_suite(path)
    test_beside_another()
    end()


if __name__ == "__main__":
    main()
