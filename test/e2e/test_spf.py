#!/usr/bin/env python3
"""SPF: the OpenSPF project's 203 cases for RFC 7208, and random records beside another implementation."""

import json
import os
import tempfile

from harness import ROOT, check, end, equal, run, skip

SUITE = "shared/data/spf/rfc7208-tests.yml"
CASES = 203
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
    import spf_suite

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


def main():
    path = find_suite()
    if path is None:
        skip("the OpenSPF project's suite", f"{SUITE} is not beside this tree")
    else:
        test_suite(path)
    end()


if __name__ == "__main__":
    main()
