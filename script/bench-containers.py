#!/usr/bin/env python3
"""Starts containers and says how long that took: on a host of ours by its API, with bare runc, with a Docker engine.

Runs in the network namespace of the host. A container is running when it has written its name to a pipe that it shares with this
program, on all sides alike. Called by the measurements of script/bench.d; prints what they read.
"""

import argparse
import asyncio
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import uuid

PATIENCE = 30


class Arrivals:
    """The pipe that containers write their names to, and when they did."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir(exist_ok=True)
        directory.chmod(0o755)
        self.path = directory / "arrived"
        if not self.path.exists():
            os.mkfifo(self.path)
        self.path.chmod(0o666)
        self.pipe = os.open(self.path, os.O_RDWR)
        self.condition = threading.Condition()
        self.times = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        rest = b""
        while True:
            rest += os.read(self.pipe, 65536)
            now = time.monotonic()
            *names, rest = rest.split(b"\n")
            with self.condition:
                for name in names:
                    self.times[name.decode()] = now
                self.condition.notify_all()

    def wait(self, name):
        with self.condition:
            if not self.condition.wait_for(lambda: name in self.times, PATIENCE):
                raise SystemExit(f"error: {name} did not run within {PATIENCE} s: " + "".join(
                    file.read_text() for file in self.directory.parent.glob(f"runc/{name}/output")))
            return self.times.pop(name)

    def line(self, name):
        return ["/bin/sh", "-c", f"echo {name} >/bench/arrived; exec sleep 3600"]


class Ours:
    """A host: jobs by its API, over connections that are kept."""

    def __init__(self, data, image, arrivals):
        self.data = pathlib.Path(data)
        self.host = (self.data / "host-id").read_text().strip()
        self.image = image
        self.arrivals = arrivals
        self.tls = ssl.create_default_context(cafile=self.data / "identity/authority.pem")
        self.tls.check_hostname = False
        self.tls.load_cert_chain(self.data / "identity/host.pem", self.data / "identity/host.pem")
        self.address = self.find()
        self.connections = threading.local()

    def find(self):
        """The address of the host's API, which is there a moment after the host says that it is ready."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException, LookupError, ValueError):
                discovery = (self.data / "discoverd-url").read_text().strip()
                with contextlib.closing(http.client.HTTPConnection(discovery.split("//")[1].strip("/"))) as connection:
                    connection.request("GET", "/services/flynn-host/instances")
                    return json.load(connection.getresponse())[0]["addr"]
            if time.monotonic() > deadline:
                raise SystemExit("error: the host's API is not there")
            time.sleep(0.1)

    def request(self, method, path, body=None):
        try:
            return self.ask(method, path, body)
        except (http.client.RemoteDisconnected, ConnectionError):
            # it was idle for too long while the other side was measured; each of these requests may be repeated
            self.connections.open = None
            return self.ask(method, path, body)

    def ask(self, method, path, body):
        connection = getattr(self.connections, "open", None)
        if connection is None:
            connection = http.client.HTTPSConnection(self.address, context=self.tls, timeout=PATIENCE)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.open = connection
        connection.request(method, path, body)
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise SystemExit(f"error: {method} {path}: {response.status} {text.decode()}")
        return text

    def prepare(self):
        self.request("GET", "/host/status")
        return f"{self.host}-{uuid.uuid4()}"

    def start(self, job):
        kind, url = self.image
        self.request("PUT", f"/host/jobs/{job}", json.dumps({
            "artifact": {"type": kind, "url": url},
            "config": {
                "args": self.arrivals.line(job),
                "mounts": [{"location": "/bench", "target": str(self.arrivals.directory), "writeable": True}],
            },
        }).encode())

    def stop(self, job):
        self.request("DELETE", f"/host/jobs/{job}")

    def job_directory(self, job):
        return self.data / "oci/jobs" / job


class Runc:
    """`runc run` of bundles that are a job's of ours, each with an overlay and a network namespace of its own."""

    def __init__(self, work, template, arrivals):
        self.work = work
        self.template = template
        self.config = (template / "config.json").read_text()
        self.namespace = next(n["path"] for n in json.loads(self.config)["linux"]["namespaces"] if n["type"] == "network")
        self.old = template.name
        self.arrivals = arrivals
        self.processes = {}
        self.count = 0
        (work / "run").mkdir(parents=True)
        # what the job has goes away with it; the work directories of overlays are each one's own
        self.bundle = work / "bundle"
        self.bundle.mkdir()
        for mount in json.loads(self.config)["mounts"]:
            options = dict(option.split("=", 1) for option in mount["options"] if "=" in option)
            for path in (options.get("upperdir"), options.get("workdir"), mount["source"]):
                if path and path.startswith(f"{template}/"):
                    copy = self.bundle / pathlib.Path(path).relative_to(template)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    if path == options.get("workdir"):
                        copy.mkdir()
                    elif not copy.exists():
                        subprocess.run(["cp", "-a", path, copy], check=True)
        self.ip("link add benchbr0 type bridge\naddress add 10.99.0.1/16 dev benchbr0\nlink set benchbr0 up\n")

    @staticmethod
    def ip(lines):
        subprocess.run(["ip", "-batch", "-"], input=lines, text=True, check=True)

    def prepare(self):
        """The bundle, without its network."""
        self.count += 1
        name = f"bench-{self.count}"
        bundle = self.work / name
        subprocess.run(["cp", "-a", self.bundle, bundle], check=True)
        text = (self.config.replace(self.namespace, str(bundle / "net")).replace(str(self.template), str(bundle))
                .replace(self.old, name))
        (bundle / "config.json").write_text(text)
        return name

    def connect(self, name):
        file = self.work / name / "net"
        number = int(name.split("-")[1])
        script = f"""
: >{file}
unshare --net={file} ip -batch - <<END
link set lo up
link add eth0 type veth peer name vb{number} netns {os.getpid()}
link set eth0 up
address add 10.99.{number // 250 + 1}.{number % 250 + 1}/16 dev eth0
route add default via 10.99.0.1
END
exec ip link set dev vb{number} master benchbr0 up
"""
        subprocess.run(["sh", "-e", "-c", script], check=True)

    def start(self, name):
        output = open(self.work / name / "output", "wb")
        self.processes[name] = subprocess.Popen(
            ["runc", f"--root={self.work}/run", "run", f"--bundle={self.work}/{name}", name],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        output.close()

    def stop(self, name):
        subprocess.run(["runc", f"--root={self.work}/run", "kill", name, "KILL"], check=True)
        self.processes.pop(name).wait()
        subprocess.run(["umount", "-l", self.work / name / "net"], check=False)
        shutil.rmtree(self.work / name)


class Docker:
    """`docker run -d`, and, to see what of it is the command line, the same two requests to the engine."""

    def __init__(self, engine, image, arrivals):
        self.socket = f"{engine}/socket"
        self.image = image
        self.arrivals = arrivals
        self.by_api = False

    def prepare(self):
        return f"bench-{uuid.uuid4()}"

    def start(self, name):
        mount = f"{self.arrivals.directory}:/bench"
        if self.by_api:
            self.request("POST", f"/containers/create?name={name}", {
                "Image": self.image, "Cmd": self.arrivals.line(name), "HostConfig": {"Binds": [mount]}})
            self.request("POST", f"/containers/{name}/start")
        else:
            self.run("run", "-d", "--name", name, "-v", mount, self.image, *self.arrivals.line(name))

    def stop(self, *names):
        self.run("rm", "-f", *names)

    def run(self, *words):
        subprocess.run(["docker", "-H", f"unix://{self.socket}", *words], check=True, stdout=subprocess.DEVNULL)

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("docker")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.socket)
        connection.request(method, path, json.dumps(body or {}), {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        if response.status >= 300:
            raise SystemExit(f"error: {method} {path}: {text.decode()}")


def one(side, arrivals, before=None, timed=None):
    """Milliseconds of a start. `before` is done beforehand, `timed` is part of what is measured."""
    name = side.prepare()
    if before:
        before(name)
    began = time.monotonic()
    if timed:
        timed(name)
    side.start(name)
    took = (arrivals.wait(name) - began) * 1000
    side.stop(name)
    return took


def many(side, arrivals, count, width, timed=None):
    """Milliseconds from the first request until all run, with `width` starts under way."""
    names = [side.prepare() for _ in range(count)]

    def start(name):
        if timed:
            timed(name)
        side.start(name)
        return arrivals.wait(name)

    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        # threads and, on our side, their connections are there when it begins
        list(pool.map(lambda _: (side.prepare() if isinstance(side, Ours) else None, time.sleep(0.02)), range(width)))
        began = time.monotonic()
        last = max(pool.map(start, names))
    took = (last - began) * 1000
    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        if isinstance(side, Docker):
            side.stop(*names)
        else:
            list(pool.map(side.stop, names))
    return took


def settle():
    """What a side cleans up late is not the other's burden."""
    time.sleep(0.3)


def sample(work, name, value):
    with open(work / f"{name}.ms", "a") as file:
        file.write(f"{value:.1f}\n")


def rounds(arguments, sides, warm_up, count):
    """Each of `sides`, (name, measure), in turn, another one first each time; the first rounds warm up and do not count."""
    for number in range(-warm_up, count):
        first = number % len(sides)
        for name, measure in sides[first:] + sides[:first]:
            took = measure()
            settle()
            if number >= 0:
                sample(arguments.work, name, took)


def starts(arguments):
    arrivals = Arrivals(arguments.work / "shared")
    ours = Ours(arguments.data, arguments.image, arrivals)
    count, width = arguments.jobs, arguments.width
    if arguments.beside == "runc":
        job = ours.prepare()
        ours.start(job)
        arrivals.wait(job)
        theirs = Runc(arguments.work / "runc", ours.job_directory(job), arrivals)
        ours.stop(job)
        rounds(arguments, [
            ("ours", lambda: one(ours, arrivals)),
            ("runc", lambda: one(theirs, arrivals, before=theirs.connect)),
            ("runc-veth", lambda: one(theirs, arrivals, timed=theirs.connect)),
        ], arguments.warm_up, arguments.rounds)
        connect = theirs.connect
    else:
        theirs = Docker(arguments.engine, arguments.docker_image, arrivals)

        def by_api():
            theirs.by_api = True
            try:
                return one(theirs, arrivals)
            finally:
                theirs.by_api = False

        rounds(arguments, [
            ("ours", lambda: one(ours, arrivals)),
            ("docker", lambda: one(theirs, arrivals)),
            ("docker-api", by_api),
        ], arguments.warm_up, arguments.rounds)
        connect = None
    rounds(arguments, [
        ("ours-many", lambda: many(ours, arrivals, count, width)),
        ("theirs-many", lambda: many(theirs, arrivals, count, width, timed=connect)),
    ], arguments.many_warm_up, arguments.many_rounds)


def fill(arguments):
    """Starts jobs that do nothing, and leaves them."""
    arrivals = Arrivals(arguments.work / "shared")
    side = (Docker(arguments.engine, arguments.docker_image, arrivals) if arguments.engine
            else Ours(arguments.data, arguments.image, arrivals))
    with concurrent.futures.ThreadPoolExecutor(arguments.width) as pool:
        def start(_):
            name = side.prepare()
            side.start(name)
            arrivals.wait(name)
            return name
        print("\n".join(pool.map(start, range(arguments.jobs))))


def empty(arguments):
    """Ends jobs whose names are on standard input, of ours."""
    side = Ours(arguments.data, arguments.image, Arrivals(arguments.work / "shared"))
    with concurrent.futures.ThreadPoolExecutor(arguments.width) as pool:
        list(pool.map(side.stop, os.fdopen(0).read().split()))


class Routed:
    """An app behind the router: which of its processes answers is the router's choice, so some are asked many times."""

    def __init__(self, port, name):
        self.port = port
        self.name = name

    def seen(self, ids, count, command):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        while len(ids) < count:
            try:
                connection.request("GET", "/id", headers={"Host": self.name})
                response = connection.getresponse()
                text = response.read()
                if response.status == 200:
                    ids.add(text)
            except (OSError, http.client.HTTPException):
                connection.close()
            # until the command says that all are up, asking takes the processor from what is measured
            if command.poll() is None:
                time.sleep(0.02)


class Direct:
    """Processes by their addresses: nothing is in between, each that has answered is not asked again."""

    def __init__(self, network):
        self.network = network

    def seen(self, ids, count, _):
        asyncio.run(self._seen(ids, count))

    async def _seen(self, ids, count):
        asking = [asyncio.create_task(self._ask(f"{self.network}.{i}", ids)) for i in range(2, count * 2 + 10)]
        while len(ids) < count:
            await asyncio.sleep(0.002)
        for task in asking:
            task.cancel()

    @staticmethod
    async def _ask(address, ids):
        while True:
            with contextlib.suppress(OSError, asyncio.TimeoutError, IndexError):
                reader, writer = await asyncio.wait_for(asyncio.open_connection(address, 8080), 0.3)
                writer.write(b"GET /id HTTP/1.0\r\n\r\n")
                answer = await asyncio.wait_for(reader.read(), 1)
                writer.close()
                if b" 200 " in answer.splitlines()[0]:
                    ids.add(answer)
                    return
            await asyncio.sleep(0.1)


def answering(arguments):
    """Runs the command that scales; prints the milliseconds until so many processes have answered."""
    side = Direct(arguments.network) if arguments.network else Routed(arguments.port, arguments.name)
    ids = set()
    began = time.monotonic()
    command = subprocess.Popen(arguments.command, stdout=subprocess.DEVNULL)
    watch = threading.Thread(target=side.seen, args=(ids, arguments.jobs, command), daemon=True)
    watch.start()
    watch.join(PATIENCE * 6)
    took = (time.monotonic() - began) * 1000
    if command.wait() != 0 or watch.is_alive():
        raise SystemExit(f"error: {len(ids)} of {arguments.jobs} answered")
    print(f"{took:.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["starts", "fill", "empty", "answering"])
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--data", help="data directory of a host of ours")
    parser.add_argument("--image", nargs=2, metavar=("TYPE", "URL"), help="what a job of ours runs")
    parser.add_argument("--engine", help="directory of a Docker engine, with its socket")
    parser.add_argument("--docker-image")
    parser.add_argument("--beside", choices=["runc", "docker"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--many-rounds", type=int, default=1)
    parser.add_argument("--many-warm-up", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--port", type=int, help="of the router")
    parser.add_argument("--name", help="of the app, as the router knows it")
    parser.add_argument("--network", help="three numbers of the addresses of processes that are asked directly")
    mine = sys.argv[1:]
    command = []
    if "--" in mine:
        mine, command = mine[:mine.index("--")], mine[mine.index("--") + 1:]
    arguments = parser.parse_args(mine)
    arguments.command = command
    {"starts": starts, "fill": fill, "empty": empty, "answering": answering}[arguments.what](arguments)


if __name__ == "__main__":
    main()
