"""Where a service listens: a Unix socket of its owner, or a port of this machine with a token in a file."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import stat
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

from nast_fx.errors import AudioFileError, UsageError

__all__ = ["BACKLOG", "Place", "PortPlace", "SocketPlace", "default_place"]

HOST = "127.0.0.1"
UNIX: int = getattr(socket, "AF_UNIX", -1)  # the family; Windows has none
BACKLOG = 512  # clients that the system holds until they are accepted
LONGEST_NAME = 103 if sys.platform == "darwin" else 107  # bytes of a socket's name; the system's own limit
ANSWER_SECONDS = 2.0  # in which a service that lives accepts a call
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Place(ABC):
    """A place to listen at, free or not.

    Attributes
    ----------
    path : Path
        The socket, or the file with the token.
    token : str
        What a client must say first; empty where the system itself tells who it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.token = ""
        self._made: tuple[int, int] | None = None  # device and number of what lies at `path`

    @abstractmethod
    def open(self) -> socket.socket:
        """Listen.

        Raises
        ------
        UsageError
            A service is there already, or something that is none.
        AudioFileError
            The folder cannot be used, or others may change what is in it.
        """

    @property
    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """Where it is, for programs; no secret is among it."""

    def __str__(self) -> str:
        return str(self.path)

    def close(self) -> None:
        """Remove what `open` made, unless somebody else has put something in its place."""
        with contextlib.suppress(OSError):
            if self._made is not None and _identity(self.path) == self._made:
                self.path.unlink()

    def _claim(self) -> None:
        """Remember what was made."""
        self._made = _identity(self.path)


class SocketPlace(Place):
    """A Unix socket that only its owner can open, in a folder that only its owner can write to."""

    @property
    def facts(self) -> dict[str, Any]:
        """Name of the socket."""
        return {"socket": str(self.path)}

    def open(self) -> socket.socket:
        """Listen; what a service has left that was killed is replaced."""
        if len(os.fsencode(self.path)) > LONGEST_NAME:
            raise UsageError(f"{self.path}: the name of a socket is at most {LONGEST_NAME} bytes long")
        with _own_folder(self.path.parent):
            self._make_room()
            listener = socket.socket(UNIX, socket.SOCK_STREAM)
            before = os.umask(0o177)  # so that at no moment anybody else could open it
            try:
                listener.bind(str(self.path))
                listener.listen(BACKLOG)
            except OSError as error:
                listener.close()
                raise AudioFileError(f"{self.path}: no socket can be made: {error.strerror}") from None
            finally:
                os.umask(before)
            self._claim()
        return listener

    def _make_room(self) -> None:
        try:
            mode = self.path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise UsageError(f"{self.path} is there and is no socket; name another")
        with socket.socket(UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(ANSWER_SECONDS)
            try:
                probe.connect(str(self.path))
            except ConnectionRefusedError:
                self.path.unlink()
                return
            except OSError:
                pass  # it is there, and too busy or not to be asked
        raise UsageError(f"a service is running at {self.path}; use it, end it, or name another socket")


class PortPlace(Place):
    """A port of the loopback interface; a file of the owner's has its number and a random token.

    Parameters
    ----------
    path : Path
        File to write, as JSON: ``host``, ``port``, ``token``.
    port : int
        0 takes a free one.
    """

    def __init__(self, path: Path, port: int = 0) -> None:
        super().__init__(path)
        self.port = port

    @property
    def facts(self) -> dict[str, Any]:
        """Host, port, and the file that has the token."""
        return {"host": HOST, "port": self.port, "token_file": str(self.path)}

    def __str__(self) -> str:
        return f"{HOST}:{self.port}, token in {self.path}"

    def open(self) -> socket.socket:
        """Listen, and write the file."""
        with _own_folder(self.path.parent):
            self._make_room()
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                if sys.platform == "win32":  # where another program could listen at the same port
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
                else:
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((HOST, self.port))
                listener.listen(BACKLOG)
            except OSError as error:
                listener.close()
                raise UsageError(f"--port {self.port} cannot be used: {error.strerror}") from None
            self.port = listener.getsockname()[1]
            self.token = secrets.token_urlsafe(32)
            self._write()
            self._claim()
        return listener

    def _write(self) -> None:
        text = json.dumps({"host": HOST, "port": self.port, "token": self.token})
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(self.path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")

    def _make_room(self) -> None:
        try:
            if not stat.S_ISREG(self.path.lstat().st_mode):
                raise UsageError(f"{self.path} is there and is no file; name another")
            known = json.loads(self.path.read_bytes())
            port, token = int(known["port"]), str(known["token"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError):
            raise UsageError(f"{self.path} is there and is no service's; name another") from None
        if _greets(port, token):
            raise UsageError(f"a service is running at port {port}; use it, end it, or name another file")
        self.path.unlink()


def default_place() -> Place:
    """Give the user's own place: a socket, or a port where the system has no Unix sockets."""
    running = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(running) / "nast-fx" if running else user_state_path("nast-fx", appauthor=False)
    return (
        SocketPlace(folder / "serve.sock") if hasattr(socket, "AF_UNIX") else PortPlace(folder / "serve.json")
    )


def _greets(port: int, token: str) -> bool:
    """Whether a service answers there to that token."""
    hello = json.dumps({"type": "hello", "token": token}).encode() + b"\n"
    try:
        with socket.create_connection((HOST, port), ANSWER_SECONDS) as call:
            call.sendall(hello)
            return b'"hello"' in call.recv(4096)
    except (OSError, OverflowError):
        return False


@contextlib.contextmanager
def _own_folder(folder: Path) -> Iterator[None]:
    """Make the folder if need be, check whose it is, and keep other services from starting in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise AudioFileError(f"{folder}: the folder cannot be made: {error.strerror}") from None
    if sys.platform == "win32":  # a user's folders are the user's there, by the rights that they inherit
        yield
        return
    import fcntl

    _check_owner(folder)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    except PermissionError as error:
        raise AudioFileError(f"{folder}: {error.strerror}") from None
    finally:
        os.close(handle)


def _check_owner(folder: Path) -> None:
    """Check that nobody else could put something of theirs at our place."""
    if sys.platform == "win32":
        return
    whole = folder.resolve()
    for part in (whole, *whole.parents):
        facts = part.stat()
        is_sticky = part != whole and facts.st_mode & stat.S_ISVTX
        if facts.st_uid not in ((os.geteuid(),) if part == whole else (os.geteuid(), 0)):
            raise AudioFileError(f"{part}: the folder of a socket must be your own; it is somebody else's")
        if facts.st_mode & OTHERS_WRITE and not is_sticky:
            raise AudioFileError(f"{part}: others may write to the folder; a socket there would not be safe")


def _identity(path: Path) -> tuple[int, int]:
    facts = path.lstat()
    return facts.st_dev, facts.st_ino
