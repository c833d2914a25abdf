"""How files are named in messages, and what an operating-system error means in plain words."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from nast_fx.errors import AudioFileError, NoSpaceError

__all__ = ["clean_text", "file_error", "shown"]

_REASONS = {
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.EROFS: "the disk is read-only",
    errno.ENOENT: "there is no such folder",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.EISDIR: "it is a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EFBIG: "no space left: the file would be larger than this disk or user may hold",
    errno.ENOSPC: "no space left on the disk",
    getattr(errno, "EDQUOT", errno.ENOSPC): "no space left in the user's quota",
    errno.EIO: "the disk reports a read or write fault",
    errno.EMFILE: "too many files are open",
    errno.EINVAL: "the disk does not take such a name",
}
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def shown(path: str | os.PathLike[str]) -> str:
    """Give `path` as printable text: undecodable bytes and control characters are replaced."""
    text = os.fspath(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("\N{REPLACEMENT CHARACTER}" if ord(c) < 32 or ord(c) == 127 else c for c in text)


def file_error(path: str | Path, what: str, error: OSError) -> AudioFileError:
    """Make the error to raise for `error`: ``<path>: <what>: <reason>``."""
    reason = _REASONS.get(error.errno or 0) or error.strerror or str(error) or type(error).__name__
    kind = NoSpaceError if error.errno in _FULL else AudioFileError
    return kind(f"{shown(path)}: {what}: {reason}")


def clean_text(text: str) -> str:
    """Give `text` as it can be encoded in UTF-8: broken characters are replaced, NUL is left out."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
