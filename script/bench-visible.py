#!/usr/bin/env python3
"""How long a change takes until the router goes by it. Called by script/bench visible.

Prints a line `KIND MILLISECONDS` for each change: `instance` (registered with discoverd), `left` (deregistered there) and `route` (created
by the controller's API). The time is that from the change being sent until the first request to the router that it shows in; the
router is asked again as soon as it has answered.
"""

import argparse
import base64
import hashlib
import http.client
import http.server
import json
import socket
import ssl
import threading
import time

PATIENCE = 10


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Api:
    """A JSON API over one connection that is kept."""

    def __init__(self, connection, headers):
        self.connection = connection
        self.headers = headers

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, body=data, headers={"Content-Type": "application/json", **self.headers})
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise SystemExit(f"error: {method} {path}: {response.status} {answer.decode(errors='replace')}")
        return json.loads(answer) if answer else None


def discoverd(port):
    return Api(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE), {})


def controller(https_port, domain, key):
    """Through the router; a measurement of a cluster that was made a moment ago trusts it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = "controller." + domain
    connection = http.client.HTTPSConnection(name, https_port, timeout=PATIENCE, context=context)
    connection._create_connection = lambda address, *_: socket.create_connection(("127.0.0.1", address[1]), PATIENCE)
    credentials = base64.b64encode(f":{key}".encode()).decode()
    return Api(connection, {"Authorization": "Basic " + credentials, "Host": name})


class Measurement:
    def __init__(self, options):
        self.router = http.client.HTTPConnection("127.0.0.1", options.http_port, timeout=PATIENCE)
        self.discoverd = discoverd(options.discoverd_port)
        self.controller = controller(options.https_port, options.domain, options.key)
        backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        self.addr = f"127.0.0.1:{backend.server_address[1]}"

    def status(self, host):
        self.router.request("GET", "/", headers={"Host": host})
        response = self.router.getresponse()
        response.read()
        return response.status

    def until(self, host, wanted, begun):
        while (status := self.status(host)) != wanted:
            if time.monotonic() - begun > PATIENCE:
                raise SystemExit(f"error: {host} answered {status} for {PATIENCE} seconds, not {wanted}")
        return (time.monotonic() - begun) * 1000

    def instance(self, service):
        id_ = hashlib.md5(f"http-{self.addr}".encode()).hexdigest()
        return f"/services/{service}/instances/{id_}", {"id": id_, "addr": self.addr, "proto": "http"}

    def change_instance(self, host, service):
        path, body = self.instance(service)
        begun = time.monotonic()
        self.discoverd.ask("PUT", path, body)
        print("instance", f"{self.until(host, 200, begun):.2f}", flush=True)
        begun = time.monotonic()
        self.discoverd.ask("DELETE", path)
        print("left", f"{self.until(host, 503, begun):.2f}", flush=True)

    def change_route(self, host, service):
        path, body = self.instance(service)
        self.discoverd.ask("PUT", path, body)
        begun = time.monotonic()
        made = self.controller.ask("POST", "/apps/bench-visible/routes", {"type": "http", "domain": host, "service": service})
        print("route", f"{self.until(host, 200, begun):.2f}", flush=True)
        self.controller.ask("DELETE", f"/apps/bench-visible/routes/{made['type']}/{made['id']}")

    def run(self, rounds):
        self.controller.ask("POST", "/apps", {"name": "bench-visible"})
        for service in ("bench-comes", "bench-stays"):
            self.discoverd.ask("PUT", "/services/" + service, {})
        route = {"type": "http", "domain": "comes.example.org", "service": "bench-comes"}
        self.controller.ask("POST", "/apps/bench-visible/routes", route)
        self.until("comes.example.org", 503, time.monotonic())
        for each in range(rounds):
            self.change_instance("comes.example.org", "bench-comes")
            self.change_route(f"new{each}.example.org", "bench-stays")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--https-port", type=int, required=True)
    parser.add_argument("--discoverd-port", type=int, required=True)
    parser.add_argument("--domain", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    options = parser.parse_args()
    Measurement(options).run(options.rounds)


if __name__ == "__main__":
    main()
