"""A client of the service: lines in, lines out, and whose it is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING

from nast_fx.errors import UsageError
from nast_fx.models import Settings

if TYPE_CHECKING:
    from nast_fx.service.turns import Job

__all__ = ["Client", "peer_of"]

CHUNK = 65_536  # bytes that are read at a time
FULL_BYTES = 2**20  # unread answers of a client, above which reports of progress are left out
MOST_BYTES = 64 * 2**20  # above which a client that does not read is let go


class Client:
    """One connection.

    Parameters
    ----------
    reader, writer : stream
    max_line : int
        Longest line in bytes.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, max_line: int) -> None:
        self.max_line = max_line
        self.jobs: dict[str, Job] = {}
        self.is_paused = False
        self.is_gone = False
        self._reader = reader
        self._writer = writer
        self._unread = bytearray()
        self._searched = 0  # bytes of them without a line's end

    @property
    def waiting_bytes(self) -> int:
        """How much its jobs hold that have not begun."""
        return sum(len(job.line) for job in self.jobs.values())

    async def line(self) -> bytes | None:
        """Wait for a line; None when the client has gone, or has closed its side.

        Raises
        ------
        UsageError
            The line is longer than it may be; it is passed over.
        """
        while (end := self._unread.find(b"\n", self._searched)) < 0:
            self._searched = len(self._unread)
            if self._searched > self.max_line:
                await self._skip_line()
            elif not await self._read():
                return None
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        self._searched = 0
        if len(line) > self.max_line:
            raise self._too_long()
        return line

    def say(self, line: bytes, *, may_be_left_out: bool = False) -> None:
        """Send a line; whoever does not read theirs holds nobody up."""
        waiting = self._writer.transport.get_write_buffer_size()
        if self.is_gone or (may_be_left_out and waiting > FULL_BYTES):
            return
        if waiting > MOST_BYTES:
            self.drop()
            return
        self._writer.write(line)

    def tell(self, message: Settings) -> None:
        """Send a message."""
        self.say(message.model_dump_json().encode() + b"\n")

    async def rest(self) -> None:
        """Wait until the client has taken up what was said, and let others have their turn."""
        try:
            await self._writer.drain()
        except OSError:
            self.is_gone = True
        await asyncio.sleep(0)

    def drop(self) -> None:
        """Cut the connection; what is unread is lost."""
        self.is_gone = True
        self._writer.transport.abort()

    async def close(self, seconds: float) -> None:
        """Close the connection after what was said was taken up, or after `seconds`."""
        self.is_gone = True
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(seconds):
                self._writer.close()
                await self._writer.wait_closed()
                return
        self._writer.transport.abort()

    def is_ours(self) -> bool:
        """Whether the same user is at the other end, as far as the system tells."""
        peer = peer_of(self._writer.get_extra_info("socket"))
        return peer is None or sys.platform == "win32" or peer == os.geteuid()

    async def _read(self) -> bool:
        try:
            chunk = await self._reader.read(CHUNK)
        except OSError:
            chunk = b""
        self._unread += chunk
        return bool(chunk)

    async def _skip_line(self) -> None:
        while (end := self._unread.find(b"\n")) < 0:
            self._unread.clear()
            if not await self._read():
                break
        del self._unread[: end + 1]
        self._searched = 0
        raise self._too_long()

    def _too_long(self) -> UsageError:
        longest = f"{self.max_line / 2**20:.4g} MiB" if self.max_line >= 2**20 else f"{self.max_line} bytes"
        return UsageError(f"a message is at most {longest} long here (--max-line)")


def peer_of(connection: socket.socket) -> int | None:
    """Give the number of the user at the other end; None where the system does not tell it."""
    if connection.family != getattr(socket, "AF_UNIX", None):
        return None
    if sys.platform == "linux":
        size = struct.calcsize("3i")  # process, user, group
        return int(struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[1])
    if sys.platform == "darwin":
        local, peer_credentials = 0, 1  # SOL_LOCAL, LOCAL_PEERCRED: version, user, number of groups, groups
        return int(struct.unpack_from("II", connection.getsockopt(local, peer_credentials, 76))[1])
    return None
