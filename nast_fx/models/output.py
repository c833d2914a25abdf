"""What a result is written as: container and bit depth, and how they are chosen."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import model_validator

from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models.base import Settings, setting

__all__ = ["ALLOWED_BITS", "Bits", "Container", "OutputFormat", "choose_format", "container_of", "extension"]

Container = Literal["wav", "flac", "aiff", "ogg", "mp3"]
Bits = Literal["16", "24", "32f"]

ALLOWED_BITS: dict[Container, tuple[Bits, ...]] = {
    "wav": ("16", "24", "32f"),
    "flac": ("16", "24"),
    "aiff": ("16", "24", "32f"),
    "ogg": (),
    "mp3": (),
}

_SUFFIXES: dict[str, Container] = {
    "wav": "wav",
    "wave": "wav",
    "bwf": "wav",
    "rf64": "wav",
    "flac": "flac",
    "aiff": "aiff",
    "aif": "aiff",
    "aifc": "aiff",
    "ogg": "ogg",
    "oga": "ogg",
    "mp3": "mp3",
}


class OutputFormat(Settings):
    """Container and bit depth of a result; OGG is Vorbis, and OGG and MP3 have no bit depth."""

    container: Container = setting(..., "File format of the result.")
    bits: Bits | None = setting(None, "Bit depth; 32f is floating point, empty for ogg and mp3.")

    @model_validator(mode="after")
    def _bits_fit(self) -> OutputFormat:
        allowed = ALLOWED_BITS[self.container]
        if (self.bits is None) != (not allowed) or (self.bits is not None and self.bits not in allowed):
            raise ValueError(_bits_rule(self.container, str(self.bits)))
        return self


def choose_format(
    *,
    path_suffix: str | None,
    format: str | None,
    bits: str | None,
    like_container: str | None,
    like_subtype: str | None,
) -> OutputFormat:
    """Decide what a result is written as.

    The container is `format`, else what `path_suffix` means, else the content's own if it can be
    written, else WAV. The depth is `bits`, else the content's as far as the container holds it.

    Parameters
    ----------
    path_suffix : str or None
        Suffix of the output's name (``.wav``); None or empty if it has none.
    format, bits : str or None
        What the user asked for.
    like_container, like_subtype : str or None
        The content's, as `nast_fx.audio.probe` names them (``FLAC``, ``PCM_24``); None without one.

    Raises
    ------
    UsageError
        For an unknown name, a depth that the container has not, or a `format` against the suffix.
    """
    asked = _container(format, f"--format {format}") if format else None
    named = _container(path_suffix, f"the output's suffix {path_suffix}") if path_suffix else None
    if asked and named and asked != named:
        raise UsageError(f"--format {format} does not fit the output's suffix {path_suffix}; give only one")
    container = asked or named or _own_container(like_container)
    if bits is None:
        return OutputFormat(container=container, bits=_own_bits(container, like_subtype))
    depth = _depth(bits)
    if depth not in ALLOWED_BITS[container]:
        raise UsageError(_bits_rule(container, bits))
    return OutputFormat(container=container, bits=depth)


def extension(output: OutputFormat) -> str:
    """Suffix of a file name for `output`: ``.wav``, ``.flac``, ``.aiff``, ``.ogg`` or ``.mp3``."""
    return f".{output.container}"


def container_of(text: str) -> Container | None:
    """Container that a name or a suffix means (``.wave`` is ``wav``); None for an unknown one."""
    return _SUFFIXES.get(text.strip().lower().removeprefix("."))


def _container(text: str, where: str) -> Container:
    name = text.strip().lower().removeprefix(".")
    if name not in _SUFFIXES:
        known = ", ".join(get_args(Container))
        raise UsageError(f"{where}: must be one of {known}{did_you_mean(name, _SUFFIXES)}")
    return _SUFFIXES[name]


def _own_container(like: str | None) -> Container:
    return _SUFFIXES.get((like or "").lower(), "wav")


def _depth(text: str) -> Bits:
    for known in get_args(Bits):
        if text.strip().lower() == known:
            return known  # type: ignore[no-any-return]
    near = did_you_mean(text.strip().lower(), get_args(Bits))
    raise UsageError(f"--bits {text}: must be one of {', '.join(get_args(Bits))}{near}")


def _own_bits(container: Container, subtype: str | None) -> Bits | None:
    """Give the depth of the content, or the next better one that the container holds."""
    allowed = ALLOWED_BITS[container]
    if not allowed:
        return None
    name = (subtype or "").upper()
    if name in {"PCM_16", "PCM_U8", "PCM_S8", "ULAW", "ALAW", "ALAC_16", "DWVW_16", "DWVW_12"}:
        return "16"
    if name in {"FLOAT", "DOUBLE", "PCM_32", "ALAC_32"} and "32f" in allowed:
        return "32f"
    return "24"


def _bits_rule(container: Container, bits: str) -> str:
    allowed = ALLOWED_BITS[container]
    if allowed:
        return f"--bits {bits}: {container} takes {', '.join(allowed)}"
    return f"--bits {bits}: {container} has no bit depth; leave --bits out or use wav, aiff or flac"
