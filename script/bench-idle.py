#!/usr/bin/env python3
"""Opens connections to a server, makes one request on each, and keeps them without another until its standard input ends.

Prints the line `held N` when all were answered; exit status 1 if one was not.
"""

import argparse
import resource
import socket
import sys


def answered(connection, path):
    """One request, and its whole answer, which has to tell its length."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    received = b""
    while b"\r\n\r\n" not in received:
        received += more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").split("\r\n")
    if " 200" not in status:
        raise ValueError(status)
    names = dict(field.lower().split(":", 1) for field in fields)
    missing = int(names["content-length"]) - len(body)
    while missing > 0:
        missing -= len(more(connection))


def more(connection):
    data = connection.recv(65536)
    if not data:
        raise EOFError("closed")
    return data


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("path", nargs="?", default="/k1")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < options.count + 16:
        sys.exit(f"{options.count} connections need more open files than {most}; raise the limit with `ulimit -n`")
    held = []
    try:
        for _ in range(options.count):
            connection = socket.create_connection(("127.0.0.1", options.port), timeout=10)
            answered(connection, options.path)
            held.append(connection)
    except (OSError, EOFError, ValueError, KeyError) as failure:
        sys.exit(f"connection {len(held) + 1} was not answered: {failure!r}")
    print(f"held {len(held)}", flush=True)
    sys.stdin.read()


main()
