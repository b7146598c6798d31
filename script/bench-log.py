#!/usr/bin/env python3
"""Sends lines to a syslog server, and waits until a log has all of them. Called by script/bench log.

  write FILE LINES TEXT            LINES messages as RFC 5424 wants them, with octet counting, as a host has them;
                                   prints how many bytes they are in a file with a line for each
  send PORT FILE                   sends the file to 127.0.0.1:PORT over TCP; prints when it began
  await-file FILE BYTES            returns when the file is so large; prints when that was
  await-log HOST:PORT APP JOB      returns when the newest line that a log aggregator has of a job says `end`; prints when that was
"""

import http.client
import json
import os
import socket
import sys
import time

PATIENCE = 60
PAUSE = 0.005
HEAD = "<190>1 2026-11-21T10:00:00.%06dZ host1 5e7b36f5-b67f-4310-aa29-ae74f12c61fa host1-1c1a0d3f-5a6e-4a3c-9d0a-6a2c3f0f8a11 ID1 "


def write(file, lines, text):
    size = 0
    with open(file, "wb") as out:
        for i in range(1, int(lines) + 1):
            message = HEAD % (i % 1_000_000) + f'[flynn seq="{i}"] ' + text
            out.write(f"{len(message)} {message}".encode())
            size += len(message) + 1
    print(size)


def send(port, file):
    with socket.create_connection(("127.0.0.1", int(port))) as connection, open(file, "rb") as source:
        print(time.time(), flush=True)
        connection.sendfile(source)


def is_over_in_log(connection, app, job):
    connection.request("GET", f"/log/{app}?lines=1&job_id={job}")
    lines = connection.getresponse().read().splitlines()
    return bool(lines) and json.loads(lines[-1]).get("msg") == "end"


def wait(is_over):
    deadline = time.time() + PATIENCE
    while not is_over():
        if time.time() > deadline:
            raise SystemExit(f"error: not all lines were there after {PATIENCE} seconds")
        time.sleep(PAUSE)
    print(time.time())


def main(what, *arguments):
    if what == "write":
        write(*arguments)
    elif what == "send":
        send(*arguments)
    elif what == "await-file":
        file, size = arguments
        wait(lambda: os.path.getsize(file) >= int(size))
    elif what == "await-log":
        address, app, job = arguments
        connection = http.client.HTTPConnection(address, timeout=PATIENCE)
        wait(lambda: is_over_in_log(connection, app, job))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
