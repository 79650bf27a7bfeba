#!/usr/bin/env python3
"""A directory as an owner may write one: accounts of a small office in a file of JSON.

[directory] engine = program, program = /path/of/own_directory.py. Lines come over descriptor 3, and go there
(src/directory/README.md). The accounts are in accounts.json beside this file:

    {"ann@office.test": {"password": "..", "name": "Ann", "addresses": ["sales@office.test"]}}
"""

import hashlib
import hmac
import json
import os
import socket

ACCOUNTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "accounts.json")


class Directory:
    def __init__(self):
        self.accounts = {}
        self.separator = ""

    def open(self, question):
        self.separator = question["settings"]["separator"]
        try:
            with open(ACCOUNTS, encoding="utf-8") as file:
                self.accounts = json.load(file)
        except OSError as error:
            return {"result": "temp", "why": str(error)}
        except ValueError as error:
            return {"result": "perm", "why": f"{ACCOUNTS}: {error}"}
        return {"result": "ok"}

    def describe(self, name):
        account = self.accounts[name]
        return {"name": name, "display_name": account["name"], "enabled": True, "groups": [],
                "addresses": [name, *account.get("addresses", [])]}

    def credential(self, name):
        """Something that changes with the password and does not tell it."""
        return hashlib.sha256(f"{name} {self.accounts[name]['password']}".encode()).hexdigest()[:22]

    def account(self, question):
        if question["name"] not in self.accounts:
            return {"result": "missing"}
        return {"result": "ok", "account": self.describe(question["name"])}

    def login(self, question):
        name, secret = question["name"], question["secret"]
        known = self.accounts.get(name, {}).get("password", "")
        if not known or not hmac.compare_digest(known.encode(), secret.encode()):
            return {"result": "denied"}
        return {"result": "ok", "account": self.describe(name), "credential": self.credential(name)}

    def check_credential(self, question):
        name = question["name"]
        if name in self.accounts and question["credential"] in ("", self.credential(name)):
            return self.account(question)
        return {"result": "denied"}

    def domains(self, question=None):
        return {"result": "ok", "domains": sorted({name.partition("@")[2] for name in self.accounts})}

    def principals(self, question):
        return {"result": "ok", "principals": [
            {"name": name, "display_name": account["name"], "is_group": False}
            for name, account in self.accounts.items() if name.endswith("@" + question["domain"])]}

    def resolve(self, question):
        local, _, domain = question["address"].rpartition("@")
        if domain not in self.domains()["domains"]:
            return {"result": "denied"}
        user, _, tag = local.partition(self.separator) if self.separator else (local, "", "")
        wanted = {question["address"], f"{user}@{domain}"}
        for name, account in self.accounts.items():
            if wanted & {name, *account.get("addresses", [])}:
                return {"result": "ok", "targets": [{"account": name, "detail": tag}]}
        return {"result": "missing"}

    def answer(self, question):
        asks = {"open": self.open, "login": self.login, "account": self.account, "resolve": self.resolve,
                "credential": self.check_credential, "domains": self.domains, "principals": self.principals,
                "scram": lambda question: {"result": "missing"}}
        return {"id": question["id"], **asks[question["ask"]](question)}


def main():
    directory = Directory()
    with socket.socket(fileno=3) as server, server.makefile("rw", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            lines.write(json.dumps(directory.answer(json.loads(line))) + "\n")
            lines.flush()


if __name__ == "__main__":
    main()
