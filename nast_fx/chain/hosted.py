"""The process that holds a plugin: ``python -m nast_fx.chain.hosted``, started by `host_process`.

It answers messages (see `host_messages`) one after the other on its main thread, where plugins want to be
loaded. Another thread reads, so that the process ends as soon as its parent has gone, even in the middle of
work; a plugin that never gives the interpreter back is ended by a timer of the system's.
"""

from __future__ import annotations

import faulthandler
import os
import queue
import sys
import threading
from typing import BinaryIO

from nast_fx.chain.host_messages import GarbageError, Message, receive, send

__all__ = ["main"]


def main() -> None:
    """Answer until the parent has gone."""
    requests, answers = _own_streams()
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, inbox), daemon=True).start()
    # Here, when nothing can be written to the parent by accident any more: it loads pedalboard.
    from nast_fx.chain.hosted_plugin import Loaded

    loaded = Loaded()
    with open(os.devnull, "w") as nowhere:
        while True:
            header, block = inbox.get()
            if (seconds := header.pop("seconds", None)) is not None:
                faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            try:
                answer, made = loaded.answer(header, block)
            except Exception as error:
                answer, made = {"error": _sentence(error)}, None
            faulthandler.cancel_dump_traceback_later()
            send(answers, answer, made)


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Streams from and to the parent, out of a plugin's reach: it gets nothing to read and writes nowhere."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, answers


def _read(requests: BinaryIO, inbox: queue.SimpleQueue[Message]) -> None:
    """Pass messages on; at the end of the stream leave at once, without a plugin's own farewell."""
    while True:
        try:
            message = receive(requests)
        except (OSError, GarbageError):
            message = None
        if message is None:
            os._exit(0)
        inbox.put(message)


def _sentence(error: Exception) -> str:
    """First line of what went wrong."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


if __name__ == "__main__":
    main()
