"""What a server pushes to a JMAP client: a WebSocket that takes objects, and an EventSource stream.

    jmap = Jmap(server, client)                    client is a jmap_client.Client; options are those of WebSocket
    jmap.request(["Core/echo", {}, "0"], id="R1")
    jmap.next()                                    the next object
    events = Events(client, types="Email", ping="1", headers={"Last-Event-ID": last})
    events.next()                                  (event, id, data); None when the stream ended
    events.changed()                               what the next StateChange says; its id is events.id then
"""

import json

from harness import equal
from jmap_client import CORE, MAIL, Client
from websocket_client import WebSocket


class Jmap:
    """Objects over a WebSocket."""

    def __init__(self, server, client, **options):
        options.setdefault("headers", client.headers)
        tls = options.get("tls", False)
        self.ws = WebSocket(server.port("https" if tls else "http"), "/jmap/ws", protocol="jmap",
                            **options)

    def send(self, **members):
        self.ws.send(json.dumps({k.replace("_", "@"): v for k, v in members.items()}))

    def request(self, *calls, **more):
        self.send(_type="Request", using=[CORE, MAIL], methodCalls=list(calls), **more)

    def next(self):
        return json.loads(self.ws.text())

    def error(self):
        answer = self.next()
        return answer["@type"], answer["requestId"], answer["type"].rsplit(":", 1)[-1], answer["status"]


class Events:
    """An EventSource stream, by the URL of the client's session and his login."""

    def __init__(self, client, types="*", closeafter="no", ping="0", headers=None, timeout=20):
        url = client.session["eventSourceUrl"]
        for name, value in (("types", types), ("closeafter", closeafter), ("ping", ping)):
            url = url.replace("{" + name + "}", value)
        self.id = None
        self.client = Client(client.base, "", "", timeout=timeout)
        self.client.connection.request("GET", url[len(client.base):], headers={**client.headers, **(headers or {})})
        self.stream = self.client.connection.getresponse()
        equal("event stream", self.stream.status, 200)
        equal("it is open", self.stream.readline(), b": open\n")

    def next(self):
        fields = {}
        while True:
            line = self.stream.readline().decode()
            if not line:
                return None
            line = line.rstrip("\n")
            if not line and "event" in fields:
                return fields["event"], fields.get("id"), json.loads(fields["data"])
            if line and not line.startswith(":"):
                name, value = line.split(": ", 1)
                fields[name] = value

    def changed(self):
        _, self.id, data = self.next()
        return data["changed"]

    def close(self):
        self.client.close()
