"""A JMAP client on the standard library, for tests and tools.

    client = Client("http://127.0.0.1:8080", "alice@example.test", "secret")
    ids = client.one("Email/query", {"filter": {"inMailbox": client.mailbox("inbox")}})["ids"]

One keep-alive connection per client. Answers that are no HTTP 200 raise HttpError with status and body.
"""

import base64
import http.client
import json
import urllib.parse

from harness import insecure_tls

CORE = "urn:ietf:params:jmap:core"
MAIL = "urn:ietf:params:jmap:mail"
SUBMISSION = "urn:ietf:params:jmap:submission"


def basic(name, password):
    """The value of an Authorization field (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


class HttpError(Exception):
    def __init__(self, status, headers, body):
        super().__init__(f"HTTP {status}: {body[:200]!r}")
        self.status, self.headers, self.body = status, headers, body

    def problem(self):
        return json.loads(self.body)


class MethodError(Exception):
    def __init__(self, error):
        super().__init__(str(error))
        self.type, self.error = error["type"], error


class Client:
    def __init__(self, base, name, password, timeout=30):
        url = urllib.parse.urlsplit(base)
        if url.scheme == "https":
            self.connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=timeout,
                                                          context=insecure_tls())
        else:
            self.connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
        self.base = base
        self.headers = {"Authorization": basic(name, password)}
        self.session = None

    def request(self, method, url, body=None, headers=None, want=(200, 201)):
        """One exchange; (status, headers, body). `url` may be absolute."""
        parts = urllib.parse.urlsplit(url)
        target = parts.path + ("?" + parts.query if parts.query else "")
        self.connection.request(method, target, body, {**self.headers, **(headers or {})})
        response = self.connection.getresponse()
        data = response.read()
        if want and response.status not in want:
            raise HttpError(response.status, response.headers, data)
        return response.status, response.headers, data

    def open(self):
        """Fetch the session and remember the account."""
        self.session = json.loads(self.request("GET", self.base + "/.well-known/jmap")[2])
        self.account = self.session["primaryAccounts"][MAIL]
        return self.session

    def send(self, request, content_type="application/json"):
        """A whole Request object (or bytes); the Response object."""
        if self.session is None:
            self.open()
        body = request if isinstance(request, bytes) else json.dumps(request).encode()
        return json.loads(self.request("POST", self.session["apiUrl"], body,
                                       {"Content-Type": content_type})[2])

    def calls(self, *calls, using=(CORE, MAIL), **more):
        """[(name, arguments)] or [(name, arguments, id)]; the methodResponses."""
        if self.session is None:
            self.open()
        numbered = []
        for at, call in enumerate(calls):
            arguments = dict(call[1])
            if not call[0].startswith("Core/"):
                arguments.setdefault("accountId", self.account)
            numbered.append([call[0], arguments, call[2] if len(call) > 2 else str(at)])
        return self.send({"using": list(using), "methodCalls": numbered, **more})["methodResponses"]

    def one(self, name, arguments):
        """One call; its arguments, or MethodError."""
        answer = self.calls((name, arguments))[0]
        if answer[0] == "error":
            raise MethodError(answer[1])
        return answer[1]

    def mailbox(self, role):
        """The id of the mailbox with this role."""
        boxes = self.one("Mailbox/get", {"ids": None, "properties": ["role"]})["list"]
        return next(box["id"] for box in boxes if box["role"] == role)

    def upload(self, data, content_type="application/octet-stream"):
        if self.session is None:
            self.open()
        url = self.session["uploadUrl"].replace("{accountId}", self.account)
        return json.loads(self.request("POST", url, data, {"Content-Type": content_type})[2])

    def download(self, blob, name="file", content_type="application/octet-stream"):
        """(headers, bytes)"""
        url = self.session["downloadUrl"]
        for key, value in (("accountId", self.account), ("blobId", blob), ("name", name),
                           ("type", content_type)):
            url = url.replace("{" + key + "}", urllib.parse.quote(value, safe=""))
        return self.request("GET", url)[1:]

    def import_message(self, data, mailbox, **more):
        """Upload and Email/import; the created object."""
        blob = self.upload(data, "message/rfc822")["blobId"]
        answer = self.one("Email/import", {"emails": {
            "i": {"blobId": blob, "mailboxIds": {mailbox: True}, **more}}})
        if not answer["created"]:
            raise MethodError(answer["notCreated"]["i"])
        return answer["created"]["i"]

    def close(self):
        self.connection.close()
