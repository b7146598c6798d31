#!/usr/bin/env python3
"""Runs a command again and again in several ways that carry its input and output, in turn, and says what each takes.

Called by script/bench attach. A side is `NAME=COMMAND`, to which a line of shell is added. Writes to DIR the files NAME.echo
(microseconds that a byte takes there and back, one line per round: the median of the round), NAME.out and NAME.in (MB/s).
"""

import argparse
import os
import pathlib
import shlex
import statistics
import subprocess
import time

MB = 1_000_000
CHUNK = 64 * 1024
LINE = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdef\n"


def started(side, line):
    return subprocess.Popen(side + [line], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)


def over(process):
    process.stdin.close()
    rest = process.stdout.read()
    if process.wait(timeout=60) != 0 or rest.strip():
        raise SystemExit(f"error: {process.args} ended with {process.returncode} and {rest[:200]!r}")


def read_exactly(pipe, count):
    left = count
    while left:
        got = os.read(pipe.fileno(), min(left, CHUNK))
        if not got:
            raise SystemExit(f"error: the output ended {left} bytes too soon")
        left -= len(got)


def echo(side, bytes_, unmeasured):
    """One byte at a time, there and back; microseconds."""
    process = started(side, "exec cat")
    times = []
    for i in range(unmeasured + bytes_):
        began = time.perf_counter()
        os.write(process.stdin.fileno(), b"x")
        read_exactly(process.stdout, 1)
        if i >= unmeasured:
            times.append((time.perf_counter() - began) * 1e6)
    over(process)
    return statistics.median(times)


def output(side, size, times):
    """Lines that the command writes, from the first to the last; MB/s."""
    process = started(side, f"for i in $(seq {times}); do cat /lines; done")
    read_exactly(process.stdout, 1)
    began = time.perf_counter()
    read_exactly(process.stdout, size * times - 1)
    took = time.perf_counter() - began
    over(process)
    return size * times / took / MB


def input_(side, size):
    """Lines that the command reads, from the first until it says that it has the last; MB/s."""
    process = started(side, "echo ready; head -c %d | wc -c" % size)
    read_exactly(process.stdout, len("ready\n"))
    lines = LINE * (CHUNK // len(LINE))
    began = time.perf_counter()
    left = size
    while left:
        left -= os.write(process.stdin.fileno(), lines[:left])
    read_exactly(process.stdout, len(f"{size}\n"))
    took = time.perf_counter() - began
    over(process)
    return size / took / MB


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bytes", type=int, default=200, help="echoed in a round")
    parser.add_argument("--file-size", type=int, help="of /lines")
    parser.add_argument("--times", type=int, default=16, help="how often /lines is written")
    parser.add_argument("--write-lines", type=pathlib.Path, help="only write a file of lines")
    parser.add_argument("sides", nargs="*")
    given = parser.parse_args()
    if given.write_lines:
        given.write_lines.write_bytes(LINE * (8 * MB // len(LINE)))
        return
    sides = {name: shlex.split(command) for name, command in (side.split("=", 1) for side in given.sides)}
    for turn in range(given.rounds + 1):
        # the first round does not count; in it each side carries as many bytes as a server is optimized after
        suffix, unmeasured = (".warm-up", 3000) if turn == 0 else ("", 50)
        for name, side in sides.items():
            for kind, result in (
                ("echo", echo(side, given.bytes, unmeasured)),
                ("out", output(side, given.file_size, given.times)),
                ("in", input_(side, given.file_size * given.times)),
            ):
                with open(given.directory / f"{name}.{kind}{suffix}", "a", encoding="ascii") as file:
                    file.write(f"{result:.1f}\n")


if __name__ == "__main__":
    main()
