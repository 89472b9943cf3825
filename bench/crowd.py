"""Many dashboards in one process: ``python -m bench.crowd HOST PORT PATH``, driven by lines of JSON.

A general client would need more processor time than the service that it measures. So the handshake is
a line of text, every hundred bytes are not looked at, and only a sample of the members takes all
frames apart. The others count bytes, answer pings and, at their beginning, find the end of the snapshot.

Orders on stdin, one answer each on stdout: ``{"do": "join", "count": N, "jitter": bool}`` connects and
answers when all have their snapshot; ``cut`` resets all connections at once; ``seen`` tells when the
sample saw which event; ``counts`` tells how all of them fare.
"""

import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time
from typing import Any

import msgspec

from bench.dashboards import HANDSHAKE, MARK
from bench.server_frames import Frames

SAMPLE = 100
READ_BYTES = 256 * 1024
ATTEMPT_S = 15.0
FIRST_DELAY_S, LONGEST_DELAY_S, SHORTEST_DELAY_S = 1.0, 30.0, 0.1
"""As web/static/js/socket.js waits."""
RESET = struct.pack("ii", 1, 0)
PING = b"\x89\x04"
PING_BYTES = 6


class Message(msgspec.Struct):
    type: str
    seq: int
    data: msgspec.Raw


_decode = msgspec.json.Decoder(list[Message]).decode


class Member:
    """One dashboard: connecting, waiting for its snapshot, then there."""

    def __init__(self, is_sampled: bool) -> None:
        self.is_sampled = is_sampled
        self.attempt = 0
        self.reset()

    def reset(self) -> None:
        self.socket: socket.socket | None = None
        self.answer: bytes | None = b""
        self.frames: Frames | None = Frames()
        self.tail = b""
        self.bytes = 0
        self.seq = 0
        self.began_s = 0.0


class Crowd:
    def __init__(self, host: str, port: int, path: str) -> None:
        self._address = (host, port)
        self._request = HANDSHAKE.format(path=path, host=f"{host}:{port}").encode()
        self._poll = select.epoll()
        self._poll.register(0, select.EPOLLIN)
        self._orders = b""
        self._members: dict[int, Member] = {}
        self._due: list[tuple[float, int, Member]] = []
        self._everyone: list[Member] = []
        self._waiting = 0
        self._began_s = 0.0
        self._jitter = False
        self.seen_s: dict[str, list[float]] = {}
        self.there = 0
        self.failed = 0
        self.refused = 0
        self.lost = 0
        self.gaps = 0
        self.snapshots = 0

    def run(self) -> None:
        while True:
            wait_s = max(0.0, self._due[0][0] - time.monotonic()) if self._due else -1
            for fd, _ in self._poll.poll(wait_s):
                if fd == 0:
                    if not self._listen():
                        return
                elif (member := self._members.get(fd)) is not None:
                    self._read(member)
            while self._due and self._due[0][0] <= time.monotonic():
                self._connect(heapq.heappop(self._due)[2])

    # Orders

    def _listen(self) -> bool:
        data = os.read(0, 65536)
        *lines, self._orders = (self._orders + data).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))
        return bool(data)

    def _obey(self, order: dict[str, Any]) -> None:
        match order["do"]:
            case "join":
                self._join(order["count"], order["jitter"])
            case "cut":
                self._cut()
                self._say({"cut": True})
            case "seen":
                self._say({"seen_s": self.seen_s})
            case "counts":
                self._say(self._counts())

    def _counts(self) -> dict[str, int]:
        sizes = [member.bytes for member in self._everyone]
        return {
            "there": self.there,
            "lost": self.lost,
            "gaps": self.gaps,
            "failed": self.failed,
            "refused": self.refused,
            "snapshots": self.snapshots,
            "bytes_least": min(sizes),
            "bytes_most": max(sizes),
        }

    def _say(self, answer: dict[str, Any]) -> None:
        print(json.dumps(answer), flush=True)

    # Coming and going

    def _join(self, count: int, jitter: bool) -> None:
        self._everyone = [Member(number < SAMPLE) for number in range(count)]
        self._waiting = count
        self._jitter = jitter
        self._began_s = time.monotonic()
        self.failed = self.refused = self.lost = self.gaps = self.snapshots = 0
        self.seen_s = {}
        for member in self._everyone:
            self._later(member)

    def _later(self, member: Member) -> None:
        delay_s = 0.0
        if self._jitter or member.attempt:
            limit_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**member.attempt)
            delay_s = max(SHORTEST_DELAY_S, random.random() * limit_s)
        heapq.heappush(self._due, (time.monotonic() + delay_s, id(member), member))

    def _connect(self, member: Member) -> None:
        member.reset()
        member.attempt += 1
        member.began_s = time.monotonic()
        connection = member.socket = socket.socket()
        # Loopback answers at once, if need be from the listener's queue: no state for connecting.
        connection.settimeout(ATTEMPT_S)
        try:
            connection.connect(self._address)
            connection.send(self._request)
        except OSError:
            self._lose(member)
            return
        connection.setblocking(False)
        self._members[connection.fileno()] = member
        self._poll.register(connection.fileno(), select.EPOLLIN)

    def _cut(self) -> None:
        for member in self._everyone:
            if member.socket is not None:
                self._forget(member)
        self.there = 0

    def _forget(self, member: Member) -> None:
        connection = member.socket
        assert connection is not None
        if self._members.pop(connection.fileno(), None) is not None:
            self._poll.unregister(connection.fileno())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.close()
        member.socket = None

    def _lose(self, member: Member) -> None:
        self._forget(member)
        if member.frames is None or member.seq:
            self.lost += 1
            self.there -= 1
        else:
            self.failed += 1
            self._later(member)

    # Reading

    def _read(self, member: Member) -> None:
        assert member.socket is not None
        try:
            data = member.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose(member)
            return
        member.bytes += len(data)
        if member.answer is not None:
            data = self._shake_hands(member, member.answer + data)
        if member.frames is None:
            self._drain(member, data)
        elif data:
            self._take_apart(member, member.frames, data)

    def _shake_hands(self, member: Member, answer: bytes) -> bytes:
        head, end, rest = answer.partition(b"\r\n\r\n")
        if not end:
            member.answer = answer
            return b""
        member.answer = None
        if not head.startswith(b"HTTP/1.1 101"):
            self.refused += 1
        return rest

    def _drain(self, member: Member, data: bytes) -> None:
        # Texts of the benchmark are ASCII: this byte stands at the beginning of a ping, or by rare chance
        # in a length; a pong too many does no harm.
        if b"\x89" in data or member.tail:
            data = member.tail + data
            at = data.find(PING)
            if 0 <= at <= len(data) - PING_BYTES:
                self._pong(member, data[at + 2 : at + PING_BYTES])
                member.tail = b""
            else:
                member.tail = data[-(PING_BYTES - 1) :] if b"\x89" in data[-(PING_BYTES - 1) :] else b""

    def _take_apart(self, member: Member, frames: Frames, data: bytes) -> None:
        now_s = time.monotonic()
        for text in frames.messages(data):
            if not member.seq:
                self._welcome(member)
            if not member.is_sampled:
                member.seq = 1
                continue
            for message in _decode(text):
                self._take(member, message, now_s)
        for ping in frames.pings:
            self._pong(member, ping)
        frames.pings.clear()
        if member.seq and not member.is_sampled:
            member.frames = None

    def _take(self, member: Member, message: Message, now_s: float) -> None:
        if message.type == "snapshot":
            self.snapshots += 1
        elif message.seq != member.seq + 1:
            self.gaps += 1
        member.seq = message.seq
        if message.type == "visitor_update":
            data = bytes(message.data)
            start = data.find(MARK)
            if start >= 0:
                start += len(MARK)
                self.seen_s.setdefault(data[start : data.index(b'"', start)].decode(), []).append(now_s)

    def _welcome(self, member: Member) -> None:
        self.there += 1
        self._waiting -= 1
        if not self._waiting:
            self._say({"took_s": time.monotonic() - self._began_s, "failed": self.failed})

    def _pong(self, member: Member, payload: bytes) -> None:
        assert member.socket is not None
        # Masked with zeros: the payload stays as it is.
        member.socket.send(bytes((0x8A, 0x80 | len(payload))) + bytes(4) + payload)


if __name__ == "__main__":
    Crowd(sys.argv[1], int(sys.argv[2]), sys.argv[3]).run()
