"""Where a result goes: a file that appears whole, checked, with its metadata, or not at all.

Two writings of the same samples give the same file, bit for bit, in every format.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from nast_fx.audio import ogg, riff
from nast_fx.audio.atomic import AtomicFile, copy_exact
from nast_fx.audio.block import Samples
from nast_fx.audio.chunks import Metadata, apply_metadata, head_chunks
from nast_fx.audio.decode import SoundReader
from nast_fx.audio.dither import Quantizer
from nast_fx.audio.encode import Encoder, LibEncoder
from nast_fx.audio.limits import check_writable
from nast_fx.audio.names import file_error, shown
from nast_fx.audio.wav import WavWriter
from nast_fx.errors import AudioFileError
from nast_fx.models.output import OutputFormat

__all__ = ["FileSink", "copy_exact", "open_sink"]

_WRITE_FRAMES = 2**16  # at a time, so that a long block costs little memory besides its own


class FileSink:
    """A file being written; made by `open_sink`, used in a ``with`` statement.

    Attributes
    ----------
    path : Path
    output : OutputFormat
    sample_rate, n_channels : int
    n_frames : int
        Written so far.
    """

    def __init__(
        self,
        path: Path,
        output: OutputFormat,
        sample_rate: int,
        n_channels: int,
        *,
        seed: int,
        dither: bool,
        metadata: Metadata | None,
        metadata_offset: int,
        overwrite: bool,
    ) -> None:
        check_writable(path, output, sample_rate, n_channels, overwrite=overwrite)
        self.path = path
        self.output = output
        self.sample_rate = sample_rate
        self.n_channels = n_channels
        self.n_frames = 0
        self._metadata = metadata
        self._offset = metadata_offset
        self._atomic = AtomicFile(path, overwrite=overwrite)
        self._quantizer: Quantizer | None = None
        if output.bits in ("16", "24"):
            self._quantizer = Quantizer(n_channels, int(output.bits), seed=seed, dither=dither)
        self._encoder: Encoder | None = None

    @property
    def n_saturated(self) -> int:
        """Samples that had to be cut to full scale, of integer formats."""
        return self._quantizer.n_saturated if self._quantizer else 0

    def write(self, block: Samples) -> None:
        """Append a block (channel, frame) float32.

        Raises
        ------
        AudioFileError
            If there is no space left, or if a sample is not a number or infinite.
        """
        if self._encoder is None:
            raise ValueError("the sink is not open; use it in a with statement")
        if block.ndim != 2 or block.shape[0] != self.n_channels:
            raise ValueError(f"block.shape={block.shape} must be ({self.n_channels}, frame)")
        block = np.asarray(block, dtype=np.float32)
        if not np.isfinite(block).all():
            first = self.n_frames + int(np.argmin(np.isfinite(block).all(axis=0)))
            raise AudioFileError(
                f"{shown(self.path)}: not written; the result is not a number (NaN or infinite) "
                f"at {first / self.sample_rate:.3f} s"
            )
        try:
            for start in range(0, block.shape[1], _WRITE_FRAMES):
                part = block[:, start : start + _WRITE_FRAMES]
                self._encoder.write(self._quantizer(part).T if self._quantizer else part.T)
        except OSError as error:
            raise self._error(error) from error
        self.n_frames += block.shape[1]

    def __enter__(self) -> FileSink:
        self._atomic.__enter__()
        with self._cleanup():
            self._encoder = self._open_encoder()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._cleanup():
            if error is None:
                self._finish()
        if error is not None:
            self._abandon(error)
        else:
            self._atomic.__exit__(None, None, None)
        self._encoder = None

    @contextlib.contextmanager
    def _cleanup(self) -> Iterator[None]:
        """Leave no file behind if the block fails; an error of the disk becomes a sentence."""
        try:
            yield
        except BaseException as error:
            self._abandon(error)
            if isinstance(error, OSError):
                raise self._error(error) from error
            raise

    def _abandon(self, error: BaseException) -> None:
        if self._encoder is not None:
            self._encoder.abandon()
            self._encoder = None
        self._atomic.__exit__(type(error), error, error.__traceback__)

    def _open_encoder(self) -> Encoder:
        file, output = self._atomic.file, self.output
        if output.container != "wav" or output.bits is None:
            return LibEncoder(file, output, self.sample_rate, self.n_channels, name=shown(self.path))
        head = head_chunks(self._metadata, self._offset) if self._metadata else ()
        mask = self._metadata.channel_mask(self.n_channels) if self._metadata else 0
        return WavWriter(file, self.sample_rate, self.n_channels, output.bits, head=head, channel_mask=mask)

    def _finish(self) -> None:
        assert self._encoder is not None  # by `__enter__`
        if self.n_frames == 0:
            raise AudioFileError(f"{shown(self.path)}: not written; there is no audio to write")
        self._encoder.close()
        self._atomic.file.close()
        path = self._atomic.temporary
        if self._metadata is not None:
            name = shown(self.path)
            apply_metadata(path, self._metadata, self._offset, self.n_frames, name=name)
        with open(path, "r+b") as file:
            if self.output.container == "ogg":
                ogg.fix_serial(file)
            elif self.output.container == "aiff":
                riff.clear_peak_time(file)
        self._verify(path)

    def _verify(self, path: Path) -> None:
        """Read the header back: what stands in the folder must be what was written."""
        wanted = (self.sample_rate, self.n_channels, self.n_frames)
        try:
            with SoundReader(path) as reader:
                found = (reader.sample_rate, reader.n_channels, reader.n_frames)
        except AudioFileError as error:
            raise AudioFileError(f"{shown(self.path)}: not written; it could not be read back") from error
        if found != wanted:
            raise AudioFileError(
                f"{shown(self.path)}: not written; of {self.n_frames} frames {found[2]} were read back"
            )

    def _error(self, error: OSError) -> AudioFileError:
        return file_error(self.path, "cannot be written", error)


def open_sink(
    path: str | Path,
    output: OutputFormat,
    sample_rate: int,
    n_channels: int,
    *,
    seed: int = 0,
    dither: bool = True,
    metadata: Metadata | None = None,
    metadata_offset: int = 0,
    overwrite: bool = False,
) -> FileSink:
    """Make a sink for the file `path`, to be used in a ``with`` statement.

    The file is written under a hidden name in the same folder. At the end of the ``with`` block it
    gets its metadata, is read back, synced and renamed; after an exception it is removed.

    Parameters
    ----------
    path : path
    output : OutputFormat
    sample_rate : int
        Hz.
    n_channels : int
    seed : int
        Key of the dither, at least 0.
    dither : bool
        Triangular dither where the format is 16 or 24 bit integers.
    metadata : Metadata, optional
        Tags and chunks of the content.
    metadata_offset : int
        Frame of the content at which the result begins.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    UsageError
        If the container cannot hold that rate or that many channels.
    AudioFileError
        If the place cannot be written; at the end, if it exists by then or the space is used up.
    """
    return FileSink(
        Path(path),
        output,
        sample_rate,
        n_channels,
        seed=seed,
        dither=dither,
        metadata=metadata,
        metadata_offset=metadata_offset,
        overwrite=overwrite,
    )
