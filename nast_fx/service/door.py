"""Who comes in: the owner's programs, as far as the system or a token tells, and not too many of them."""

from __future__ import annotations

import asyncio
import hmac
import os

from nast_fx import __version__
from nast_fx.errors import NastFxError, UsageError
from nast_fx.models.messages import REQUESTS, Greeting, Hello, parse_question
from nast_fx.service.client import Client

__all__ = ["Door", "greeting"]

STRANGERS = 32  # connections that have not said the token yet
STRANGER_BYTES = 4096  # of their first line
STRANGER_SECONDS = 5.0  # to say it


class Door:
    """Lets clients in.

    Parameters
    ----------
    max_clients : int
        How many there may be at a time.

    Attributes
    ----------
    token : str
        What a client must say first; empty where the place itself lets nobody else in.
    strangers : list of Client
        Those that have not said it yet.
    """

    def __init__(self, max_clients: int) -> None:
        self.token = ""
        self.strangers: list[Client] = []
        self._max_clients = max_clients

    async def admit(self, client: Client, n_clients: int) -> None:
        """Let a client in.

        Raises
        ------
        UsageError
            It is another user's, does not know the token, or there are too many.
        """
        if not client.is_ours():
            raise UsageError("this service is another user's")
        if self.token:
            await self._ask_token(client)
        if n_clients >= self._max_clients:
            raise UsageError(f"the service has {self._max_clients} clients and takes no more (--max-clients)")

    async def _ask_token(self, client: Client) -> None:
        refusal = UsageError(
            'the first message must be {"type": "hello", "token": ...}; its file has the token'
        )
        if len(self.strangers) >= STRANGERS:
            self.strangers.pop(0).drop()  # a client of ours says it at once
        self.strangers.append(client)
        client.max_line, full = STRANGER_BYTES, client.max_line
        try:
            async with asyncio.timeout(STRANGER_SECONDS):
                question = parse_question(await client.line() or b"")
        except (NastFxError, TimeoutError):
            raise refusal from None
        finally:
            if client in self.strangers:
                self.strangers.remove(client)
        said = question.token if isinstance(question, Hello) else None
        if client.is_gone or not hmac.compare_digest((said or "").encode(), self.token.encode()):
            raise refusal
        client.max_line = full
        client.tell(greeting())


def greeting() -> Greeting:
    """Give what is answered to a hello."""
    return Greeting(version=__version__, process_id=os.getpid(), kinds=tuple(REQUESTS))
