"""An SMTP or LMTP server in this process that takes everything, or misbehaves as it is told.

    with Sink() as sink:                                  127.0.0.1, a free port: sink.port, sink.host
        sink.at("RCPT", reply("450 4.7.1 Later"), times=1, to="bob@sink.test")
        ... let the client deliver ...
        sink.wait(1)                                      until a message is there
        m = sink.messages[0]                              m.sender, m.recipients, m.data, m.tls ..
        equal("the client keeps to the RFCs", sink.violations, [])

    Sink(host="127.0.0.2", port=25)                       in lab.py's network; also "::1"
    Sink(path="/tmp/x/lmtp", lmtp=True)                   a unix socket; LMTP answers for each recipient
    Sink(tls=certificate.context())                       offers STARTTLS; implicit_tls=True begins with TLS
    Sink(users={"relay": "secret"}, mechanisms=["SCRAM-SHA-256"], requires_login=True)
    Sink(extensions=["8BITMIME"], size_limit=1000)        what EHLO offers; None: it knows only HELO

at(STAGE, ACTION, times=, to=, connection=) makes the sink do something else than usual; the first rule that
fits and is not used up counts. `to` is a recipient (stages RCPT, and END in LMTP), `connection` counts from 1.
Stages are CONNECT, each verb (EHLO, HELO, LHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BDAT, RSET, NOOP, QUIT ..),
TLS (before the handshake), CONTENT (before content is read), END (the reply to the whole message), or a number: that
command of a connection, whatever it is (the first is 1).

    reply("550 5.1.1 No")                  4xx and 5xx instead of obeying; 2xx and 3xx are another wording
    reply("421 4.3.2 Bye", close=True)     then closes;  "250-a\\n250 b" has several lines
    pause(2)                               as usual, but later
    hang()                                 says nothing more; reads on until the peer leaves
    close(), close(obey=True), abort()     ends the connection; after obeying (the reply is lost); with RST
    drip(), drip("250 ok", 0.1)            one byte of the reply at a time
    raw(b"\\0\\xff"), raw(b"", close=True)   any bytes for a reply
    flood(b"250-x\\r\\n"), flood(b"2")       the same over and over, until the peer leaves: a reply, a line without end

An action is a function of the connection and of what would obey and give the usual reply; tests may bring
their own. Everything is recorded: sink.messages, sink.commands, sink.connections, sink.most_open, sink.violations.
"""

import base64
import os
import re
import select
import socket
import struct
import threading
import time

import sasl_server

IDLE_SECONDS = 120
GOODBYE_SECONDS = 2
TCP_ESTABLISHED = 1
LINE_MAX = 2048  # bytes of a command we read; RFC 5321 4.5.3.1.4 has 512, extensions add to it
TEXT_LINE_MAX = 1000  # with CRLF, RFC 5321 4.5.3.1.6
DEFAULT = ("PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES")
PARAMETERS = {"SIZE": "SIZE", "BODY": "8BITMIME", "SMTPUTF8": "SMTPUTF8", "RET": "DSN", "ENVID": "DSN", "NOTIFY": "DSN",
              "ORCPT": "DSN", "AUTH": "AUTH", "REQUIRETLS": "REQUIRETLS", "BY": "DELIVERBY", "MT-PRIORITY": "MT-PRIORITY",
              "HOLDFOR": "FUTURERELEASE", "HOLDUNTIL": "FUTURERELEASE"}
# The peer waits for the reply to these also where PIPELINING is offered (RFC 2920 3.1, 3207 4, 4954 4).
ENDS_GROUP = ("EHLO", "HELO", "LHLO", "STARTTLS", "AUTH", "DATA", "VRFY", "EXPN", "NOOP", "QUIT")
PATH = re.compile(r'<((?:"(?:\\.|[^"\\])*"|[^">])*)>(?: +(.*))?$')


class Closed(Exception):
    """The conversation is over."""


# --- actions -----------------------------------------------------------------------------------------


def reply(text, close=False):
    def run(connection, obey):
        if text[:1] in "23":
            obey()
        connection.say(text)
        if close:
            raise Closed
    return run


def pause(seconds):
    def run(connection, obey):
        time.sleep(seconds)
        connection.say(obey())
    return run


def hang():
    return lambda connection, obey: connection.hang()


def close(obey=False):
    must_obey = obey

    def run(connection, obey):
        if must_obey:
            obey()
        raise Closed
    return run


def abort():
    def run(connection, obey):
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Closed
    return run


def drip(text=None, seconds=0.1):
    def run(connection, obey):
        for byte in connection.lines(obey() if text is None else text):
            connection.send(bytes([byte]))
            time.sleep(seconds)
    return run


def raw(data, close=False):
    def run(connection, obey):
        connection.send(data)
        if close:
            raise Closed
    return run


def flood(data):
    def run(connection, obey):
        block = data * (65536 // len(data) + 1)
        while True:
            connection.send(block)
    return run


# --- what is recorded --------------------------------------------------------------------------------


class Message:
    """One message as it was taken. Parameters are dicts with upper-case keys; "" is the value of a bare word."""

    def __init__(self, connection):
        self.connection, self.hello = connection.number, connection.hello
        self.tls, self.user = connection.tls, connection.user
        self.sender, self.parameters = None, {}
        self.recipients, self.recipient_parameters = [], {}
        self.data, self.is_chunked, self.time = b"", False, None


class Command:
    def __init__(self, connection, line):
        self.time, self.connection, self.line = time.time(), connection, line

    def __repr__(self):
        return f"{self.connection}: {self.line}"


class Rule:
    def __init__(self, stage, action, times, to, connection):
        self.stage, self.action, self.times, self.to, self.connection = stage, action, times, to, connection
        self.used = 0

    def fits(self, stage, index, connection, to):
        return (self.stage in (stage, index) and (self.times is None or self.used < self.times)
                and self.connection in (None, connection)
                and (self.to is None or (to is not None and self.to.lower() == to.lower())))


# --- one connection ----------------------------------------------------------------------------------


class Connection:
    """fields for tests: number, peer, opened, closed (times), tls (its version), cipher, server_name, user, hello"""

    def __init__(self, sink, s, number):
        self.sink, self.socket, self.number = sink, s, number
        self.peer = s.getpeername() if s.family != socket.AF_UNIX else "unix"
        self.opened, self.closed = time.time(), None
        self.tls = self.cipher = self.server_name = self.user = self.hello = None
        self.offered = set()
        self.buffer = bytearray()
        self.transaction = None
        self.chunks = None
        self.is_spoiled = False  # a chunk was refused, and so are those behind it (RFC 3030 2)
        self.command_count = 0
        self.index = None  # of the command that is not answered yet

    def is_established(self):
        """Neither side has closed, whatever we have read so far."""
        try:
            return self.closed is None and self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_ESTABLISHED
        except OSError:
            return False

    # --- bytes

    def fill(self):
        try:
            data = self.socket.recv(65536)
        except OSError:
            raise Closed from None
        if not data:
            raise Closed
        self.buffer += data

    def line(self, limit):
        """One line without its end."""
        seen = 0
        while (end := self.buffer.find(b"\n", seen)) < 0:
            seen = len(self.buffer)
            self.fill()
        line = bytes(self.buffer[:end + 1])
        del self.buffer[:end + 1]
        if len(line) > limit:
            self.blame(f"a line of {len(line)} bytes")
        if line.endswith(b"\r\n"):
            return line[:-2]
        self.blame("a line ends without CRLF")
        return line[:-1]

    def is_pending(self):
        """Whether the peer has sent something that we did not read yet."""
        if self.buffer:
            return True
        if self.tls:
            return self.socket.pending() > 0
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        try:
            return bool(poll.poll(0)) and bool(self.socket.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            raise Closed from None

    @staticmethod
    def lines(text):
        return "".join(line + "\r\n" for line in text.split("\n")).encode("utf-8", "surrogateescape")

    def say(self, text):
        if text is not None:
            self.send(self.lines(text))

    def hang(self):
        while True:
            self.buffer.clear()
            self.fill()

    def blame(self, what):
        self.sink.note_violation(f"connection {self.number}: {what}")

    # --- the conversation

    def run(self):
        """The whole of it, in a thread of its own."""
        try:
            self.socket.settimeout(IDLE_SECONDS)
            if self.socket.family != socket.AF_UNIX:
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.sink.implicit_tls:
                self.step("TLS", self.handshake)
            self.step("CONNECT", lambda: f"220 {self.sink.name} {'LMTP' if self.sink.lmtp else 'ESMTP'} sink")
            while True:
                self.command()
        except Closed:
            pass
        finally:
            self.closed = time.time()
            self.socket.close()

    def step(self, stage, obey, to=None):
        index = None
        if stage != "CONTENT":
            index, self.index = self.index, None
        rule = self.sink.rule(stage, index, self.number, to)
        if rule is None:
            self.say(obey())
        else:
            rule.action(self, obey)

    def command(self):
        line = self.line(LINE_MAX).decode("utf-8", "surrogateescape")
        verb, _, argument = line.partition(" ")
        verb = verb.upper()
        self.command_count += 1
        self.index = self.command_count
        self.sink.note_command(Command(self.number, line))
        if verb != "BDAT" and ("PIPELINING" not in self.offered or verb in ENDS_GROUP) and self.is_pending():
            self.blame(f"did not wait for the reply to {verb}")
        if verb == "BDAT":
            self.bdat(argument)
            return
        handler = getattr(self, "cmd_" + verb.lower(), None) if re.fullmatch("[A-Z]+", verb) else None
        if handler is None:
            self.step(verb, lambda: "500 5.5.1 Unknown command")
            return
        address = None
        if verb == "RCPT":
            address = self.path(argument, "TO:")[0]
        self.step(verb, lambda: handler(argument), address)
        if verb == "QUIT":
            self.end_tls()
            raise Closed
        if verb == "DATA" and self.chunks == []:
            self.content()

    def path(self, argument, prefix):
        """(address, parameters) of MAIL and RCPT; (None, None) when it is wrong."""
        match = PATH.match(argument[len(prefix):])
        if not argument.upper().startswith(prefix) or not match:
            return None, None
        words = (word.partition("=") for word in (match.group(2) or "").split())
        return match.group(1), {key.upper(): value for key, _, value in words}

    def objection(self, parameters):
        """A parameter of an extension that was not offered is an error of the peer (RFC 5321 2.2.1)."""
        for key in parameters:
            if PARAMETERS.get(key) not in self.offered:
                self.blame(f"the parameter {key} was not offered")
                return f"555 5.5.4 {key} is not known here"
        return None

    # --- greeting and session

    def greet(self, verb, argument):
        if (verb == "LHLO") != self.sink.lmtp or (verb == "EHLO" and self.sink.extensions is None):
            return "500 5.5.1 Unknown command"
        if not argument:
            self.blame(f"{verb} without a name")
        self.hello, self.transaction = argument, None
        words = []
        if verb != "HELO":
            words = list(self.sink.extensions)
            if self.sink.size_limit:
                words.append(f"SIZE {self.sink.size_limit}")
            if self.sink.tls and not self.tls:
                words.append("STARTTLS")
            if self.sink.users:
                words.append("AUTH " + " ".join(self.sink.mechanisms))
        self.offered = {word.split()[0].upper() for word in words}
        texts = [self.sink.name] + words
        return "\n".join("250" + ("-" if i < len(texts) - 1 else " ") + t for i, t in enumerate(texts))

    def cmd_ehlo(self, argument):
        return self.greet("EHLO", argument)

    def cmd_helo(self, argument):
        return self.greet("HELO", argument)

    def cmd_lhlo(self, argument):
        return self.greet("LHLO", argument)

    def cmd_starttls(self, argument):
        if "STARTTLS" not in self.offered:
            return "502 5.5.1 No TLS here"
        self.say("220 2.0.0 Go ahead")
        if self.buffer:
            self.blame("bytes behind STARTTLS")
        self.buffer.clear()
        self.step("TLS", self.handshake)
        return None

    def handshake(self):
        try:
            self.socket = self.sink.tls.wrap_socket(self.socket, server_side=True)
        except (OSError, ValueError) as error:
            self.sink.note_handshake(self.number, str(error))
            raise Closed from None
        self.tls, self.cipher = self.socket.version(), self.socket.cipher()[0]
        self.server_name = getattr(self.socket, "name_asked_for", None)
        self.offered, self.hello, self.transaction, self.user = set(), None, None, None

    def end_tls(self):
        if self.tls:
            self.socket.settimeout(GOODBYE_SECONDS)
            try:
                self.socket = self.socket.unwrap()
            except OSError:  # the peer did not wait for it
                pass

    def cmd_noop(self, argument):
        return "250 2.0.0 Ok"

    def cmd_rset(self, argument):
        self.transaction, self.chunks, self.is_spoiled = None, None, False
        return "250 2.0.0 Ok"

    def cmd_quit(self, argument):
        return "221 2.0.0 Bye"

    def cmd_vrfy(self, argument):
        return "252 2.0.0 Try and see"

    # --- logging in

    def cmd_auth(self, argument):
        mechanism, _, initial = argument.partition(" ")
        if "AUTH" not in self.offered or mechanism.upper() not in self.sink.mechanisms:
            return "504 5.5.4 No such mechanism"
        try:
            first = None
            if initial:
                first = "" if initial == "=" else base64.b64decode(initial, validate=True).decode()
            user = sasl_server.login(mechanism.upper(), first, self.challenge, self.sink.users)
        except ValueError:
            return "501 5.5.2 That cannot be read"
        if user is None:
            return "535 5.7.8 No"
        self.user = user
        return "235 2.7.0 Welcome"

    def challenge(self, text):
        self.say("334 " + base64.b64encode(text.encode()).decode())
        answer = self.line(LINE_MAX * 8).decode()
        self.sink.note_command(Command(self.number, answer))
        if answer == "*":
            raise ValueError("cancelled")
        return base64.b64decode(answer, validate=True).decode()

    # --- a message

    def cmd_mail(self, argument):
        sender, parameters = self.path(argument, "FROM:")
        if sender is None:
            self.blame(f"MAIL {argument!r}")
            return "501 5.5.4 MAIL FROM:<address>"
        if self.hello is None or self.transaction is not None:
            self.blame("MAIL at the wrong time")
            return "503 5.5.1 Not now"
        if self.sink.requires_tls and not self.tls:
            return "530 5.7.0 Must issue a STARTTLS command first"
        if self.sink.requires_login and not self.user:
            return "530 5.7.0 Log in first"
        if objection := self.objection(parameters):
            return objection
        if self.sink.size_limit and int(parameters.get("SIZE") or 0) > self.sink.size_limit:
            return "552 5.3.4 Too big"
        if not sender.isascii() and "SMTPUTF8" not in parameters:
            self.blame("a sender in UTF-8 without SMTPUTF8")
        self.transaction, self.chunks, self.is_spoiled = Message(self), None, False
        self.transaction.sender, self.transaction.parameters = sender, parameters
        return "250 2.1.0 Ok"

    def cmd_rcpt(self, argument):
        recipient, parameters = self.path(argument, "TO:")
        if recipient is None:
            self.blame(f"RCPT {argument!r}")
            return "501 5.5.4 RCPT TO:<address>"
        if self.transaction is None:
            return "503 5.5.1 MAIL first"
        if objection := self.objection(parameters):
            return objection
        if not recipient.isascii() and "SMTPUTF8" not in self.transaction.parameters:
            self.blame("a recipient in UTF-8 without SMTPUTF8")
        self.transaction.recipients.append(recipient)
        self.transaction.recipient_parameters[recipient] = parameters
        return "250 2.1.5 Ok"

    def cmd_data(self, argument):
        if self.transaction is None or self.chunks is not None:
            return "503 5.5.1 Not now"
        if not self.transaction.recipients:
            return "554 5.5.1 No valid recipients"
        self.chunks = []
        return "354 End data with <CR><LF>.<CR><LF>"

    def content(self):
        """What follows DATA, up to the dot."""
        self.step("CONTENT", lambda: None)
        lines = []
        while (line := self.line(TEXT_LINE_MAX + 1)) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        if self.is_pending() and "PIPELINING" not in self.offered:
            self.blame("did not wait for the reply to the message")
        self.end(b"".join(line + b"\r\n" for line in lines))

    def bdat(self, argument):
        """One chunk (RFC 3030 2); it is read whatever is wrong with it."""
        words = argument.split()
        if not words or not words[0].isdigit():
            self.blame(f"BDAT {argument!r}")
            raise Closed
        if self.transaction is not None and self.transaction.recipients:
            self.step("CONTENT", lambda: None)
        size, is_last = int(words[0]), words[1:] == ["LAST"]
        while len(self.buffer) < size:
            self.fill()
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        if "CHUNKING" not in self.offered:
            self.blame("BDAT was not offered")
        if self.is_pending() and "PIPELINING" not in self.offered:
            self.blame("did not wait for the reply to BDAT")
        if self.transaction is None or not self.transaction.recipients:
            self.step("BDAT", lambda: "503 5.5.1 Not now")
            return
        if self.is_spoiled:
            self.say("503 5.5.1 A chunk was refused, RSET first")
            return
        self.chunks = (self.chunks or []) + [data]
        self.transaction.is_chunked = True
        if is_last:
            self.end(b"".join(self.chunks))
            return

        def obey():
            self.is_spoiled = False
            return f"250 2.0.0 {size} bytes"
        self.is_spoiled = True
        self.step("BDAT", obey)

    def judge(self, data):
        """RFC 5321 2.3.8 and 4.5.3.1.6, RFC 6152: what may stand in content."""
        parameters = self.transaction.parameters
        if parameters.get("BODY", "").upper() == "BINARYMIME":
            return
        if re.search(rb"\r(?!\n)|(?<!\r)\n", data):
            self.blame("a bare CR or LF in the content")
        if any(len(line) > TEXT_LINE_MAX - 2 for line in data.split(b"\r\n")):
            self.blame("a line over 998 bytes in the content")
        if not data.isascii() and parameters.get("BODY", "").upper() != "8BITMIME":
            self.blame("8-bit content without BODY=8BITMIME")
        if not data.split(b"\r\n\r\n")[0].isascii() and "SMTPUTF8" not in parameters:
            self.blame("a header in UTF-8 without SMTPUTF8")

    def end(self, data):
        message = self.transaction
        self.judge(data)
        self.transaction = self.chunks = None
        message.data, message.time = data, time.time()
        is_too_big = self.sink.size_limit and len(data) > self.sink.size_limit
        if not self.sink.lmtp:
            self.step("END", lambda: "552 5.3.4 Too big" if is_too_big else self.sink.take(message))
            return
        # RFC 2033 4.2: one reply for each recipient; the message is recorded for those who got a good one.
        recipients, message.recipients = message.recipients, []

        def take(recipient):
            message.recipients.append(recipient)
            return self.sink.take(message)
        for recipient in recipients:
            self.step("END", lambda: "552 5.3.4 Too big" if is_too_big else take(recipient), recipient)


# --- the server --------------------------------------------------------------------------------------


class Sink:
    def __init__(self, host="127.0.0.1", port=0, path=None, lmtp=False, name="sink.test", extensions=DEFAULT, size_limit=0,
                 tls=None, implicit_tls=False, users=None, mechanisms=("PLAIN", "LOGIN", "SCRAM-SHA-256"),
                 requires_login=False, requires_tls=False):
        self.lmtp, self.name, self.extensions, self.size_limit = lmtp, name, extensions, size_limit
        self.tls, self.implicit_tls, self.users, self.mechanisms = tls, implicit_tls, users or {}, mechanisms
        self.requires_login, self.requires_tls = requires_login, requires_tls
        if tls:
            tls.sni_callback = lambda s, asked, context: setattr(s, "name_asked_for", asked)
        self.messages, self.commands, self.connections = [], [], []
        self.most_open = 0  # connections at a time that the peer had not closed
        self.violations, self.handshake_failures = [], []
        self._rules = []
        self._changed = threading.Condition()
        self.host, self.path = host, path
        if path:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(path)
            os.chmod(path, 0o666)
        else:
            self._listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind((host, port))
        self._listener.listen(512)
        self.port = None if path else self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                s, _ = self._listener.accept()
            except OSError:
                return
            try:
                connection = Connection(self, s, len(self.connections) + 1)
            except OSError:  # it has left already
                s.close()
                continue
            with self._changed:
                self.connections.append(connection)
                self.most_open = max(self.most_open, sum(c.is_established() for c in self.connections))
                self._changed.notify_all()
            threading.Thread(target=connection.run, daemon=True).start()

    # --- for tests

    def at(self, stage, action, times=None, to=None, connection=None):
        with self._changed:
            self._rules.append(Rule(stage, action, times, to, connection))

    def behave(self):
        """Forget all rules."""
        with self._changed:
            self._rules.clear()

    def wait(self, count=1, seconds=20):
        """Whether so many messages came in time."""
        return self.wait_for(lambda: len(self.messages) >= count, seconds)

    def wait_for(self, is_true, seconds=20):
        """Whether it became true in time; asked after each thing that is recorded, and now and then."""
        deadline = time.time() + seconds
        with self._changed:
            while not is_true():
                if time.time() >= deadline:
                    return False
                self._changed.wait(min(0.1, max(0, deadline - time.time())))
        return True

    def verbs(self, connection=None):
        """The verbs that were said, in order."""
        with self._changed:
            return [c.line.split(" ")[0].upper() for c in self.commands if connection in (None, c.connection)]

    def open_count(self):
        with self._changed:
            return sum(1 for c in self.connections if c.closed is None)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self.path and os.path.exists(self.path):
            os.unlink(self.path)
        for connection in list(self.connections):
            try:
                connection.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    # --- for connections

    def rule(self, stage, index, connection, to):
        with self._changed:
            for rule in self._rules:
                if rule.fits(stage, index, connection, to):
                    rule.used += 1
                    return rule
        return None

    def take(self, message):
        with self._changed:
            if message not in self.messages:
                self.messages.append(message)
            self._changed.notify_all()
            return f"250 2.0.0 Taken as {len(self.messages)}"

    def note_command(self, command):
        with self._changed:
            self.commands.append(command)
            self._changed.notify_all()

    def note_violation(self, text):
        with self._changed:
            self.violations.append(text)

    def note_handshake(self, connection, text):
        with self._changed:
            self.handshake_failures.append((connection, text))
            self._changed.notify_all()
