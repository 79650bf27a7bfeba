#!/usr/bin/env python3
"""Roundcube, clicked through by a browser without a screen; after each step the server is asked what has become of it.

All of it twice: without TLS as it is set out of the box, and over TLS with its caches, which live on CONDSTORE and QRESYNC.
Skipped where Debian's packages cannot be had.
"""

import email
import email.policy
import imaplib
import re

import roundcube
from harness import Server, check, end, equal, skip
from ours import Inbox, Report, wait_for
from roundcube import Roundcube

BOB, SECRET = "bob@example.test", "correct horse"
FILE = bytes(range(256)) * 4 * 1024 * 3
NAME, NAME_7 = "Größe & <x>", "Gr&APYA3w-e &- <x>"
MIXED = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n'
PARTS = ("--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"
         "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
         "Content-Disposition: attachment; filename*=utf-8''M%C3%BC%20x.bin\r\n\r\nAAECAwT/\r\n"
         "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntext of the inner one\r\n--b--")
PLAIN = "$config['mail_pagesize'] = 5;"
CACHED = PLAIN + """
$config['messages_cache'] = true;
$config['imap_cache'] = 'db';
$config['messages_cache_threshold'] = 0;
$config['check_all_folders'] = true;
"""
# After RENAME it moves the subscriptions, which have moved already.
REFUSED = ["AUTHENTICATE PLAIN ****** [37]", "CREATE Archive", f'UNSUBSCRIBE "{NAME_7}"', f'UNSUBSCRIBE "{NAME_7}/sub"', "UID MOVE 1 Trash",
           f'UID COPY 2 "Other Users/{BOB}/Archive"', r"APPEND Drafts (\Seen)", r"APPEND Sent (\Seen)"]
EXPECTED_ERRORS = r"Login failed for|'nobody@example\.test'|Invalid response code received from server|Could not save message in (Drafts|Sent)|PHP Deprecated"


def letter(number, subject, extra="", body="text"):
    return (f"From: =?utf-8?q?J=C3=BCrgen?= <j{number}@far.test>\r\nTo: <x@example.test>\r\nSubject: {subject}\r\n"
            f"Date: Mon, 23 Nov 2026 10:00:0{number} +0000\r\nMessage-ID: <m{number}@far.test>\r\n{extra}\r\n{body}\r\n").encode()


LETTERS = [letter(1, "pears"), letter(2, "Re: pears", "In-Reply-To: <m1@far.test>\r\n"), letter(3, "=?utf-8?q?=C3=A4pfel?=", MIXED, PARTS),
           letter(4, "Re: pears", "References: <m1@far.test> <m2@far.test>\r\n", "a needle"), letter(5, "figs", body="long " * 500),
           letter(6, "cherries")]


class Mail:
    """The server's side of a user."""

    def __init__(self, server, user):
        self.user, self.imap = user, imaplib.IMAP4("127.0.0.1", server.port("imap"))
        self.imap.login(user, SECRET)

    def add(self, *letters, box="INBOX"):
        for data in letters:
            self.imap.append(box, "", None, data)

    def flags(self, box="INBOX"):
        """{UID: flags}, each by its first letters."""
        equal(f"EXAMINE {box}", self.imap.select(f'"{box}"', readonly=True)[0], "OK")
        rows = re.findall(rb"UID (\d+) FLAGS \(([^)]*)\)", b"\n".join(x for x in self.imap.uid("FETCH", "1:*", "(FLAGS)")[1] if x))
        return {int(uid): " ".join(sorted(set(flags.decode().split()) - {"\\Recent"})) for uid, flags in rows}

    def message(self, box, uid):
        self.imap.select(f'"{box}"', readonly=True)
        return self.imap.uid("FETCH", str(uid), "(BODY.PEEK[])")[1][0][1]

    def store(self, uids, flag):
        self.imap.select("INBOX")
        self.imap.uid("STORE", uids, "+FLAGS", flag)
        if flag == r"\Deleted":
            self.imap.expunge()

    def names(self, command="LIST"):
        answer = {"LIST": self.imap.list, "LSUB": self.imap.lsub}[command]()[1]
        return sorted(line.decode().rpartition(' "/" ')[2].strip('"') for line in answer if line)


def test_login(cube, mail):
    check("a wrong password", "Login failed" in cube.login(mail.user, "wrong").front)
    browser = cube.login(mail.user, SECRET)
    found = re.findall(r'"(\w+)":\{"id":"\w+","name":"([^"]*)"', browser.front)
    equal("its folders", found, [("INBOX", "Inbox"), ("Drafts", "Drafts"), ("Sent", "Sent"), ("Junk", "Junk"), ("Trash", "Trash"),
                                 ("Archive", "Archive")])
    return browser


def test_list(browser):
    said = browser.ask("mail", "list", _mbox="INBOX", _page=1)
    equal("the newest first", said.rows(), [6, 5, 4, 3, 2])
    equal("counts", [said.env[name] for name in ("messagecount", "pagecount", "exists")], [6, 2, 6])
    _, columns, flags, _ = said.calls("add_message_row")[3]
    equal("a row", (columns["subject"], re.sub("<.*?>", "", columns["fromto"]), flags["ctype"]), ("äpfel", "Jürgen", "multipart/mixed"))
    equal("unread", said.calls("set_unread_count"), [["INBOX", 6, True, ""]])
    equal("the second page", browser.ask("mail", "list", _mbox="INBOX", _page=2).rows(), [1])
    for sort, want in (("subject_ASC", [3, 6, 5, 1, 2]), ("from_DESC", [6, 5, 4, 3, 2]), ("size_DESC", [5, 3, 4, 2, 6]),
                       ("arrival_ASC", [1, 2, 3, 4, 5]), ("to_ASC", [1, 2, 3, 4, 5]), ("date_ASC", [1, 2, 3, 4, 5])):
        equal(sort, browser.ask("mail", "list", _mbox="INBOX", _page=1, _sort=sort).rows(), want)
    said = browser.ask("mail", "list", _mbox="INBOX", _page=1, _threads=1)
    rows = [(uid, flags.get("depth", 0), flags.get("parent_uid")) for uid, _, flags, _ in said.calls("add_message_row")]
    equal("threads", rows, [(3, 0, None), (1, 0, None), (2, 1, 1), (4, 2, 2), (5, 0, None), (6, 0, None)])
    equal("how many", said.env["messagecount"], 4)
    browser.ask("mail", "list", _mbox="INBOX", _page=1, _threads=0)


def search(browser, text, where, scope="base", only="ALL", **query):
    return browser.ask("mail", "search", _mbox="INBOX", _q=text, _headers=where, _scope=scope, _filter=only, **query)


def test_search(browser, mail):
    for text, where, want in (("PEARS", "subject", [1, 2, 4]), ("ÄPFEL", "subject,from", [3]), ("jürgen", "from", [1, 2, 3, 4, 5]),
                              ("needle", "body", [4]), ("grüsse", "body", []), ("GRÜSSE", "text", []), ("grüße", "body", [3]),
                              ("inner one", "text", [3]), ('a "quoted\\ one', "subject", []), ("<m4@far", "text", [4])):
        equal(f"search {text!r} in {where}", search(browser, text, where).rows(), want)
    equal("those unread", search(browser, "", "", only="UNSEEN").env["messagecount"], 6)
    with_files = "OR OR HEADER Content-Type application/ HEADER Content-Type multipart/m HEADER Content-Type multipart/r"
    equal("those with attachments", search(browser, "", "", only=with_files).rows(), [3])
    equal("of the last year", search(browser, "figs", "subject", _interval="1Y").rows(), [5])
    mail.add(letter(7, "figs again"), box="Archive")
    equal("in all folders", sorted(search(browser, "figs", "subject", scope="all").rows()), ["1-Archive", "5-INBOX"])
    said = search(browser, "nowhere", "text", scope="all")
    equal("nothing", (said.rows(), said.shown()), ([], [("notice", "Search returned no matches.")]))


def test_read(browser, mail):
    page = browser.page("mail", "show", _uid=3, _mbox="INBOX")
    check("its text", "Grüße" in page and "text of the inner one" in page, page[-3000:])
    links = {part: link for link, part in re.findall(r'href="([^"]*&amp;_part=(\d))"', page)}
    equal("two attachments", sorted(links), ["2", "3"])
    check("the name of one", "Mü x.bin" in page)
    equal("downloaded", browser.fetch(links["2"] + "&_download=1"), b"\0\1\2\3\4\xff")
    equal("the message in it", browser.fetch(links["3"] + "&_download=1").split(), b"Subject: inner text of the inner one".split())
    source = browser.page("mail", "viewsource", _uid=3, _mbox="INBOX", _save=1, _token=browser.token)
    equal("its source", source.replace("\r\n", "\n"), LETTERS[2].decode().replace("\r\n", "\n"))
    check("a long one", browser.page("mail", "show", _uid=5, _mbox="INBOX").count("long ") == 500)
    equal("read", mail.flags(), {1: "", 2: "", 3: "\\Seen", 4: "", 5: "\\Seen", 6: ""})


def test_mark(browser, mail):
    for flag, uids in (("flagged", "1,3"), ("read", "1,2"), ("unread", "1"), ("unflagged", "3")):
        said = browser.tell("mail", "mark", _mbox="INBOX", _uid=uids, _flag=flag)
        equal(f"{flag} {uids}", [kind for kind, _ in said.shown()], ["confirmation"])
    equal("flags", mail.flags(), {1: "\\Flagged", 2: "\\Seen", 3: "\\Seen", 4: "", 5: "\\Seen", 6: ""})
    equal("it finds them", search(browser, "", "", only="FLAGGED").rows(), [1])
    browser.tell("mail", "mark", _mbox="INBOX", _uid="*", _flag="read", _folders="cur")
    equal("all read", mail.flags(), {1: "\\Flagged \\Seen", **dict.fromkeys(range(2, 7), "\\Seen")})


def test_move(browser, mail):
    said = browser.tell("mail", "move", _mbox="INBOX", _uid="1,6", _target_mbox="Archive")
    equal("moved", (said.shown(), said.env["exists"]), ([("confirmation", "Message(s) moved successfully.")], 4))
    said = browser.tell("mail", "copy", _mbox="INBOX", _uid="5", _target_mbox="Archive")
    equal("copied", said.shown(), [("confirmation", "Message(s) copied successfully.")])
    equal("what stayed", sorted(mail.flags()), [2, 3, 4, 5])
    equal("what came", mail.flags("Archive"), {1: "", 2: "\\Flagged \\Seen", 3: "\\Seen", 4: "\\Seen"})
    equal("byte for byte", mail.message("Archive", 4), LETTERS[4])
    equal("it lists them", browser.ask("mail", "list", _mbox="Archive", _page=1, _sort="date_ASC").rows(), [2, 4, 3, 1])


def test_trash(browser, mail):
    said = browser.tell("mail", "move", _mbox="INBOX", _uid="5", _target_mbox="Trash")
    equal("deleted", said.shown(), [("confirmation", "Message(s) moved to Trash successfully.")])
    equal("in the trash", (sorted(mail.flags()), sorted(mail.flags("Trash"))), ([2, 3, 4], [1]))
    said = browser.tell("mail", "purge", _mbox="Trash", _reload=1)
    equal("emptied", (said.shown(), said.env["exists"]), ([("confirmation", "Folder successfully emptied.")], 0))
    equal("the trash", mail.flags("Trash"), {})
    browser.tell("mail", "copy", _mbox="INBOX", _uid="4", _target_mbox="Trash")
    browser.tell("mail", "delete", _mbox="Trash", _uid="2")
    equal("deleted in the trash", mail.flags("Trash"), {})


def test_elsewhere(browser, mail):
    """What other programs do in the mailbox shows when it looks again."""
    browser.ask("mail", "list", _mbox="INBOX", _page=1, _sort="date_ASC")
    mail.store("2", r"\Answered")
    look = {"_mbox": "INBOX", "_folderlist": 1, "_list": 1, "_uids": "2,3,4", "_quota": 1}
    said = browser.tell("mail", "refresh", **look)
    equal("a flag", said.env["recent_flags"].get("2"), {"seen": 1, "answered": 1})
    mail.add(letter(8, "late", f"Disposition-Notification-To: {BOB}\r\n"))
    said = browser.tell("mail", "refresh", **look)
    equal("a new one", (said.rows(), said.calls("set_unread_count")[0]), ([2, 3, 4, 7], ["INBOX", 1, True, ""]))
    mail.store("4", r"\Deleted")
    mail.store("3", r"\Flagged")
    said = browser.tell("mail", "refresh", **look)
    equal("one is gone", said.rows(), [2, 3, 7])
    flags = {uid: flags for uid, _, flags, _ in said.calls("add_message_row")}
    equal("one is flagged", (flags[3].get("flagged"), flags[2].get("answered")), (1, 1))
    equal("one that is gone", browser.tell("mail", "move", _mbox="INBOX", _uid="4", _target_mbox="Archive").env.get("exists"), 3)


def test_folders(browser, mail):
    def create(name, parent=""):
        return browser.submit("settings", "save-folder", _name=name, _parent=parent, _mbox="", _viewmode=0).shown()
    created = [("confirmation", "Folder created successfully.")]
    equal("create", create(NAME), created)
    equal("in it", create("sub", NAME_7), created)
    equal("no such name", create("a/b")[0][0], "error")
    equal("one that is there", create("Archive")[0][0], "error")
    check("both, subscribed", {NAME_7, NAME_7 + "/sub"} <= set(mail.names("LSUB")), mail.names("LSUB"))
    said = browser.tell("settings", "rename-folder", _folder_oldname=NAME_7, _folder_newname="Archive/new")
    equal("rename", said.calls("replace_folder_row")[0][:2], [NAME_7, "Archive/new"])
    for command in ("LIST", "LSUB"):
        names = mail.names(command)
        check(f"{command} after it", {"Archive/new", "Archive/new/sub"} <= set(names) and NAME_7 not in names, names)
    browser.tell("settings", "unsubscribe", _mbox="Archive/new")
    check("unsubscribed", "Archive/new" not in mail.names("LSUB"))
    page = browser.page("settings", "folders")
    check("the list of them", all(f'"{name}":["{name}"' in page.replace("\\/", "/") for name in ("Archive/new", "Archive/new/sub")), page[-3000:])
    browser.tell("settings", "subscribe", _mbox="Archive/new")
    check("subscribed", "Archive/new" in mail.names("LSUB"))
    said = browser.tell("settings", "folder-size", _mbox="Archive")
    check("its size", len(said.calls("folder_size_update")) == 1, said)
    said = browser.tell("settings", "delete-folder", _mbox="Archive/new")
    equal("delete", said.shown(), [("confirmation", "Folder successfully deleted.")])
    equal("what is left", (mail.names(), mail.names("LSUB")), (sorted(("INBOX", "Drafts", "Sent", "Junk", "Trash", "Archive")),) * 2)


def compose(browser, **query):
    """(its number, the number of the sender)."""
    page = browser.page("mail", "compose", **query)
    return re.search(r'"compose_id":"(\w+)"', page).group(1), re.search(r'<option value="(\d+)" selected>[^<]*@example', page).group(1)


def test_write(browser, mail, bob):
    before = bob.count()
    ident, sender = compose(browser)
    fields = {"_id": ident, "_from": sender, "_to": f"Bob <{BOB}>", "_subject": "Grüße", "_message": "Hallo\r\n.\r\nBöb",
              "_attachments": browser.upload(ident, "Größe.bin", FILE)}
    said = browser.submit("mail", "send", _draft=1, _store_target="Drafts", **fields)
    equal("a draft", (said.shown(), said.calls("set_draft_id")), ([("confirmation", "Message saved to Drafts.")], [["1"]]))
    said = browser.submit("mail", "send", _draft=1, _draft_saveid=1, _store_target="Drafts", **fields)
    equal("saved again", (said.calls("set_draft_id"), sorted(mail.flags("Drafts"))), ([["2"]], [2]))
    ident, sender = compose(browser, _draft_uid=2, _mbox="Drafts")
    page = browser.page("mail", "compose", _id=ident)
    check("opened again", "Hallo\n.\nBöb</textarea>" in page.replace("\r", "") and "Größe.bin" in page, page[-3000:])
    fields.update(_id=ident, _attachments=re.search(r'"attachments":\{"rcmfile(\w+)":', page).group(1))
    said = browser.submit("mail", "send", _draft_saveid=2, _store_target="Sent", **fields)
    equal("sent", [call[:2] for call in said.calls("sent_successfully")], [["confirmation", "Message sent successfully."]])
    equal("no draft is left; a copy in Sent", (mail.flags("Drafts"), mail.flags("Sent")), ({}, {1: "\\Seen"}))
    check("Bob has it", bob.wait(before + 1))
    arrived, kept = bob.messages()[-1], mail.message("Sent", 1)
    check("it is the same", arrived[arrived.index(b"MIME-Version"):] == kept[kept.index(b"MIME-Version"):], (arrived[:2000], kept[:2000]))
    message = email.message_from_bytes(arrived, policy=email.policy.default)
    equal("its header", (message["From"], message["Subject"]), (mail.user, "Grüße"))
    equal("its text", message.get_body().get_content().split(), ["Hallo", ".", "Böb"])
    equal("its file", [(part.get_filename(), part.get_content() == FILE) for part in message.iter_attachments()], [("Größe.bin", True)])
    link = re.search(r'href="([^"]*&amp;_part=2)"', browser.page("mail", "show", _uid=1, _mbox="Sent")).group(1)
    check("downloaded from Sent", browser.fetch(link + "&_download=1") == FILE)


def send(browser, query, **fields):
    ident, sender = compose(browser, **query)
    return browser.submit("mail", "send", _id=ident, _from=sender, _subject="x", _message="so", _store_target="Sent", **fields)


def test_answers(browser, mail, bob):
    """Replies, forwards, receipts; and what nobody takes."""
    before = bob.count()
    equal("a reply", len(send(browser, {"_reply_uid": 3, "_mbox": "INBOX"}, _to=BOB).calls("sent_successfully")), 1)
    check("is there", bob.wait(before + 1))
    equal("what it replies to", email.message_from_bytes(bob.messages()[-1])["In-Reply-To"], "<m3@far.test>")
    equal("a forward", len(send(browser, {"_forward_uid": 2, "_mbox": "INBOX"}, _to=BOB, _dsn=1).calls("sent_successfully")), 1)
    check("is there too", bob.wait(before + 2))
    check("its delivery is reported", wait_for(lambda: 8 in mail.flags()), mail.flags())
    report = Report(mail.message("INBOX", 8))
    equal("to whom", (report.action, report.recipients[0]["Final-Recipient"].partition(";")[2].strip()), ("delivered", BOB))
    said = browser.tell("mail", "sendmdn", _mbox="INBOX", _uid=7)
    equal("a receipt", said.shown()[0][0], "confirmation")
    check("Bob gets it", bob.wait(before + 3) and b"disposition-notification" in bob.messages()[-1], bob.messages()[-1])
    equal("flags", mail.flags(), {2: "$Forwarded \\Answered \\Seen", 3: "\\Answered \\Flagged \\Seen", 7: "$MDNSent", 8: ""})
    equal("to nobody", [(kind, "550" in text) for kind, text in send(browser, {}, _to="nobody@example.test").shown()], [("error", True)])
    equal("what Sent holds", sorted(mail.flags("Sent")), [1, 2, 3])


def test_shared(browser, mail, bob_mail):
    """What Bob lets others read, and no more."""
    name = f"Other Users/{BOB}/Archive"
    bob_mail.imap.setacl("Archive", mail.user, "lrs")
    page = browser.page("settings", "folders").replace("\\/", "/")
    check("it is in the list", f'"{name}":["{name}"' in page, page[-3000:])
    equal("subscribe", [kind for kind, _ in browser.tell("settings", "subscribe", _mbox=name).shown()], ["confirmation"])
    check("subscribed", name in mail.names("LSUB"), mail.names("LSUB"))
    equal("open", browser.ask("mail", "list", _mbox=name, _page=1).rows(), [1])
    equal("read", browser.tell("mail", "mark", _mbox=name, _uid="1", _flag="read").shown()[0][0], "confirmation")
    equal("flag", browser.tell("mail", "mark", _mbox=name, _uid="1", _flag="flagged").shown()[0][0], "error")
    equal("take away", browser.tell("mail", "move", _mbox=name, _uid="1", _target_mbox="Trash").shown()[0][0], "error")
    equal("put in", browser.tell("mail", "copy", _mbox="INBOX", _uid="2", _target_mbox=name).shown()[0][0], "error")
    equal("it is as it was", sorted(bob_mail.flags("Archive")), [1])
    bob_mail.imap.deleteacl("Archive", mail.user)
    browser.ask("mail", "list", _mbox="INBOX", _page=1)
    equal("unsubscribe", [kind for kind, _ in browser.tell("settings", "unsubscribe", _mbox=name).shown()], ["confirmation"])
    check("not any more", name not in mail.names("LSUB"), mail.names("LSUB"))


def test_quota(server, browser, mail, bob):
    """At the limit mail goes out, but no copy stays."""
    used = sum(int(n) for n in re.findall(rb"MESSAGE (\d+) ", b"".join(mail.imap.getquotaroot("INBOX")[1][1])))
    server.command("user", "quota", mail.user, "50MB", str(used))
    quota = browser.ask("mail", "list", _mbox="INBOX", _page=1).calls("set_quota")[0][0]["all"][""]
    equal("quota", (quota["storage"]["total"], quota["message"]), (51200, {"used": used, "total": used}))
    ident, sender = compose(browser)
    said = browser.submit("mail", "send", _id=ident, _from=sender, _subject="x", _message="so", _draft=1, _store_target="Drafts")
    equal("no room for a draft", [kind for kind, _ in said.shown()], ["error"])
    before, kept = bob.count(), sorted(mail.flags("Sent"))
    said = send(browser, {}, _to=BOB)
    equal("sent, not kept", (said.shown()[0][0], len(said.calls("sent_successfully"))), ("error", 1))
    check("it is there", bob.wait(before + 1))
    equal("Sent and Drafts", (sorted(mail.flags("Sent")), mail.flags("Drafts")), (kept, {}))


def test_logout(browser):
    browser.page("logout", _token=browser.token)
    check("logged out", 'name="_pass"' in browser.page("mail"))


def test_logs(cube, is_cached):
    """The server said no where it had to, and nowhere else; what it said was understood."""
    equal("refused", [command.partition(" {")[0] for command, _ in cube.refused()], REFUSED)
    equal("errors", [line for line in cube.errors() if not re.search(EXPECTED_ERRORS, line)], [])
    resynchronised = [command for command, _ in cube.commands() if re.match(r"UID FETCH .* \(CHANGEDSINCE \d+ VANISHED\)", command)]
    equal("QRESYNC", bool(resynchronised), is_cached)


def run(server, user, bob, bob_mail, scheme, settings):
    server.add_user(user, SECRET)
    server.command("user", "quota", user, "50MB", "1000")
    mail = Mail(server, user)
    mail.add(*LETTERS)
    with Roundcube(server, scheme, settings) as cube:
        browser = test_login(cube, mail)
        test_list(browser)
        test_search(browser, mail)
        test_read(browser, mail)
        test_mark(browser, mail)
        test_move(browser, mail)
        test_trash(browser, mail)
        test_elsewhere(browser, mail)
        test_folders(browser, mail)
        test_write(browser, mail, bob)
        test_answers(browser, mail, bob)
        test_shared(browser, mail, bob_mail)
        test_quota(server, browser, mail, bob)
        test_logout(browser)
        test_logs(cube, settings == CACHED)
    mail.imap.logout()


def test_starttls(server, bob, bob_mail):
    with Roundcube(server, "tls", PLAIN) as cube:
        browser, before = cube.login(BOB, SECRET), bob.count()
        equal("STARTTLS, and a list", browser.ask("mail", "list", _mbox="Archive", _page=1).rows(), [1])
        equal("a message to oneself", len(send(browser, {}, _to=BOB).calls("sent_successfully")), 1)
        check("is there", bob.wait(before + 1))
        check("it came over TLS", b" with ESMTPSA " in bob.messages()[-1], bob.messages()[-1])
        equal("and in Sent", bob_mail.flags("Sent"), {1: "\\Seen"})
        check("by STARTTLS", ("STARTTLS", "OK Begin TLS now") in cube.commands(), cube.commands())


def main():
    why = roundcube.install()
    if why:
        skip("roundcube", why)
        end()
    with Server(settings="[imap]\nlogin-delay = 100ms") as server:
        server.add_user(BOB, SECRET)
        bob, bob_mail = Inbox(server, BOB, SECRET), Mail(server, BOB)
        bob_mail.add(LETTERS[0], box="Archive")
        run(server, "alice@example.test", bob, bob_mail, "", PLAIN)
        run(server, "carol@example.test", bob, bob_mail, "ssl", CACHED)
        test_starttls(server, bob, bob_mail)
        bob_mail.imap.logout()
    end()


if __name__ == "__main__":
    main()
