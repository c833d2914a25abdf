"""A folder that this machine and all workers reach, by any URL that fsspec knows.

Everything of one batch is in a folder of its own there, which goes at the end. A batch that was killed cannot
do that: while one runs it renews its ``alive`` file, and the next batch removes what is not renewed.
"""

from __future__ import annotations

import contextlib
import posixpath
import time
from collections.abc import Iterable, Iterator

from nast_fx.errors import AudioFileError, UsageError

__all__ = ["ALIVE", "Storage"]

ALIVE = "alive"
PREFIX = "nast-fx-"
DEAD_SECONDS = 3600.0  # without a sign of life, on clocks that may differ
BLOCK = 2**20


class Storage:
    """A batch's folder.

    Parameters
    ----------
    url : str
        Of a place that is there: ``file:///mnt/share``, ``s3://bucket/folder`` ...; a path is one too.
    session : str
        Name of the batch.

    Raises
    ------
    UsageError
        There is no such kind of place, or what speaks to it is not installed.
    """

    def __init__(self, url: str, session: str) -> None:
        import fsspec

        try:
            self._fs, base = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise UsageError(f"--storage {url}: {str(error).rstrip('.')}") from None
        except Exception as error:
            raise _failed(url, "cannot be reached", error) from error
        self._base = base
        self.url = str(self._fs.unstrip_protocol(base))
        self.session = session
        self._folder = posixpath.join(base, PREFIX + session)

    def begin(self) -> None:
        """Make the folder, and remove those of dead batches."""
        with self._said("cannot be written"):
            self._make_folder("")
        self.renew()
        with self._said("cannot be read"):
            found = self._fs.ls(self._base, detail=False)
        for path in found:
            if posixpath.basename(path.rstrip("/")).startswith(PREFIX):
                with contextlib.suppress(Exception):  # what cannot be read may be another's
                    self._remove_dead(path)

    def renew(self) -> None:
        """Give a sign of life."""
        with self._said("cannot be written"):
            self._fs.pipe_file(posixpath.join(self._folder, ALIVE), f"{time.time():.0f}".encode())

    def put(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write a file there."""
        path = posixpath.join(self._folder, name)
        with self._said("cannot be written"):
            parts = name.split("/")[:-1]
            for depth in range(len(parts)):
                self._make_folder("/".join(parts[: depth + 1]))
            with self._fs.open(path, "wb") as target:
                for block in blocks:
                    target.write(block)

    def blocks(self, name: str) -> Iterator[bytes]:
        """Read a file that is there."""
        with self._said("cannot be read"), self._fs.open(posixpath.join(self._folder, name), "rb") as file:
            while block := file.read(BLOCK):
                yield block

    def remove(self, name: str) -> None:
        """Remove a file or a folder; what cannot be removed goes with the rest at the end."""
        with contextlib.suppress(Exception):
            self._fs.rm(posixpath.join(self._folder, name), recursive=True)

    def end(self) -> None:
        """Remove the folder."""
        with contextlib.suppress(Exception):
            self._fs.rm(self._folder, recursive=True)

    def _make_folder(self, name: str) -> None:
        """Make one level only: what is above must be there, or a bucket would be made of a wrong name."""
        with contextlib.suppress(FileExistsError):
            self._fs.mkdir(posixpath.join(self._folder, name).rstrip("/"), create_parents=False)

    def _remove_dead(self, folder: str) -> None:
        said = self._fs.cat_file(posixpath.join(folder, ALIVE))
        if time.time() - float(said) > DEAD_SECONDS:
            self._fs.rm(folder, recursive=True)

    @contextlib.contextmanager
    def _said(self, what: str) -> Iterator[None]:
        try:
            yield
        except AudioFileError:
            raise
        except Exception as error:  # each kind of storage has its own
            raise _failed(self.url, what, error) from error


def _failed(url: str, what: str, error: Exception) -> AudioFileError:
    reason = str(getattr(error, "strerror", None) or error).splitlines() or [type(error).__name__]
    return AudioFileError(f"--storage {url}: {what}: {reason[0]}")
