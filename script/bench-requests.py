#!/usr/bin/env python3
"""Asks a server a given number of times a second over connections that are kept, until a file appears.

Prints how many requests there were, how many failed, and how long they took; exit status 1 if one failed. A request fails
when its answer is not 200, when it is cut off, or when there is none within five seconds; it is never made again.
"""

import argparse
import asyncio
import pathlib
import sys
import time

PATIENCE = 5


class Client:
    """Connections that are kept; one that the server closed between two requests is replaced."""

    def __init__(self, options):
        self.options = options
        self.request = f"GET /id HTTP/1.1\r\nHost: {options.name}\r\n\r\n".encode()
        self.idle = []
        self.times = []
        self.failures = []

    async def ask(self):
        begun = time.monotonic()
        try:
            await asyncio.wait_for(self._ask(), PATIENCE)
            self.times.append(time.monotonic() - begun)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as failure:
            self.failures.append(repr(failure))

    async def _ask(self):
        reader, writer = self.idle.pop() if self.idle else await self._connect()
        if reader.at_eof():
            writer.close()
            reader, writer = await self._connect()
        try:
            writer.write(self.request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *fields = head.split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
            if headers.get("transfer-encoding") == "chunked":
                while size := int(await reader.readline(), 16):
                    await reader.readexactly(size + 2)
                await reader.readline()
            else:
                await reader.readexactly(int(headers.get("content-length", 0)))
            if " 200" not in status:
                raise ValueError(status)
        except BaseException:
            writer.close()
            raise
        if headers.get("connection", "").lower() == "close":
            writer.close()
        else:
            self.idle.append((reader, writer))

    async def _connect(self):
        return await asyncio.open_connection("127.0.0.1", self.options.port)

    async def run(self):
        begun = time.monotonic()
        asked = 0
        pending = set()
        until = pathlib.Path(self.options.until)
        while not until.exists():
            due = int((time.monotonic() - begun) * self.options.rate)
            for _ in range(due - asked):
                task = asyncio.ensure_future(self.ask())
                pending.add(task)
                task.add_done_callback(pending.discard)
            asked = max(asked, due)
            await asyncio.sleep(0.01)
        if pending:
            await asyncio.wait(pending)
        took = time.monotonic() - begun
        times = sorted(self.times) or [0]
        print(f"{asked} requests, {asked / took:.0f} a second, {len(self.failures)} failed, "
              f"median {times[len(times) // 2] * 1000:.1f} ms, p99 {times[len(times) * 99 // 100] * 1000:.1f} ms")
        for failure in self.failures[:10]:
            print("  " + failure)
        return 1 if self.failures else 0


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--name", required=True, help="the Host header")
parser.add_argument("--rate", type=int, required=True, help="requests a second")
parser.add_argument("--until", required=True, help="a file; the end of all requests when it appears")
sys.exit(asyncio.run(Client(parser.parse_args()).run()))
