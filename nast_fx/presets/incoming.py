"""Taking a preset in, from a preset file or from an archive; nothing is run and nothing replaced."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from nast_fx.audio.names import file_error, shown
from nast_fx.errors import AudioFileError, CancelledError, UsageError
from nast_fx.models.chain_walk import slot_places
from nast_fx.models.preset import Preset
from nast_fx.models.setting_files import named_file
from nast_fx.presets.archive import inner_names, with_plugins_by_name
from nast_fx.presets.file import SUFFIX, parse_preset, read_preset, write_preset
from nast_fx.presets.folders import Layer, made_folder, slug
from nast_fx.presets.paths import file_names, from_folder, is_word, with_files
from nast_fx.presets.unzip import KINDS, open_zip
from nast_fx.styles.find import named_style

__all__ = ["Incoming", "import_presets", "open_incoming", "risks"]

Blocks = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Incoming:
    """A preset that may be taken in.

    Attributes
    ----------
    preset : Preset
        The files that come with it have the names of `files`.
    files : mapping of str to callable
        What gives each file's blocks.
    risks : tuple of str
        What the user should agree to first, a sentence each.
    """

    preset: Preset
    files: Mapping[str, Blocks] = field(default_factory=dict)
    risks: tuple[str, ...] = ()


def import_presets(
    path: str | Path,
    *,
    agree: Callable[[Sequence[str]], bool],
    name: str | None = None,
    layer: Layer = "user",
    project: Path | None = None,
) -> Path:
    """Take a preset in, with the files that come with it; gives the file that was made.

    Parameters
    ----------
    path : path
        Ends in ``.toml`` or ``.zip``.
    agree : callable
        Is told what is risky, where anything is, and says whether to go on.
    name : str, optional
        Another name for it.
    layer, project
        Where to: as `save_preset`.

    Raises
    ------
    UsageError
        It is none, is damaged, or would do what no preset may.
    AudioFileError
        It cannot be read, a file that it names is missing, or one of its name is there already.
    CancelledError
        `agree` said no.
    """
    with ExitStack() as stack:
        incoming = open_incoming(Path(path), stack)
        if name is not None:
            incoming = _renamed(incoming, name)
        stem = slug(incoming.preset.name)
        folder = made_folder(layer, project)
        target, own = folder / f"{stem}{SUFFIX}", folder / stem
        for place in (target, own) if incoming.files else (target,):
            if place.exists():
                raise AudioFileError(f"{shown(place)}: is there already; --name NEW gives another name")
        if incoming.risks and not agree(incoming.risks):
            raise CancelledError("cancelled; nothing was taken in")
        inner = {file: f"{stem}/{PurePosixPath(file).name}" for file in incoming.files}
        preset = with_files(incoming.preset, lambda file: inner.get(file, file))
        if incoming.files:
            _unpack(incoming.files, own)
        try:
            write_preset(target, preset)
        except BaseException:
            if incoming.files:
                shutil.rmtree(own, ignore_errors=True)
            raise
    return target


def open_incoming(path: Path, stack: ExitStack) -> Incoming:
    """Open and check a preset that may be taken in; `stack` closes it (raises as `import_presets`)."""
    suffix = path.suffix.lower()
    if suffix == SUFFIX:
        return _from_file(path)
    if suffix == ".zip":
        return _from_zip(path, stack)
    raise UsageError(f"{shown(path)}: a preset to take in ends in .toml or .zip")


def risks(preset: Preset) -> tuple[str, ...]:
    """Say what in a preset of somebody else could do more than describe a sound."""
    found = []
    for place, slot in slot_places(preset.chain.slots):
        if slot.state is not None:
            found.append(f"slot {place} ({slot.label}) brings a saved state that its plugin reads unchecked")
        if slot.path is not None:
            found.append(f"slot {place} ({slot.label}) loads the plugin in {slot.path}")
    if (named := named_file(preset.method, preset.settings)) and Path(
        named[1]
    ).suffix.lower() != ".safetensors":
        found.append(f"{named[0]}={named[1]} is a program that a render runs")
    return tuple(found)


def _from_file(path: Path) -> Incoming:
    """What lies in the folder of the file, or below, comes along; other names become whole."""
    folder = path.resolve().parent
    preset = from_folder(read_preset(path), folder)
    beside = tuple(name for name in file_names(preset) if _is_below(Path(name), folder))
    inner = inner_names(tuple(name for name in beside if Path(name).suffix.lower() in KINDS), "files")
    files = {place: _reader(Path(name)) for name, place in inner.items()}
    return Incoming(with_files(preset, lambda name: inner.get(name, name)), files, risks(preset))


def _from_zip(path: Path, stack: ExitStack) -> Incoming:
    archive = stack.enter_context(open_zip(path))
    top = archive.preset_name()
    where = f"{shown(path)}: {shown(top)}"
    preset = with_plugins_by_name(parse_preset(b"".join(archive.blocks(top)), where))
    names = [name for name in file_names(preset) if name in archive.members or not _is_known(name)]
    for name in names:
        if name not in archive.members:
            raise UsageError(f"{where}: names {shown(name)}, which is not in the archive")
        if PurePosixPath(name).suffix.lower() not in KINDS:
            raise UsageError(f"{where}: {shown(name)} is no recording, no style and no file of weights")
    if len({PurePosixPath(name).name.casefold() for name in names}) < len(names):
        raise UsageError(f"{where}: two of its files have one name")
    archive.check_total(names)
    return Incoming(preset, {name: lambda name=name: archive.blocks(name) for name in names}, risks(preset))  # type: ignore[misc]


def _renamed(incoming: Incoming, name: str) -> Incoming:
    values = incoming.preset.values() | {"name": name}
    return Incoming(Preset.model_validate(values), incoming.files, incoming.risks)


def _unpack(files: Mapping[str, Blocks], folder: Path) -> None:
    """Write files into a folder that appears whole or not at all."""
    partial = folder.parent / f".nast-fx-{secrets.token_hex(6)}.part"
    try:
        partial.mkdir()
        for name, blocks in files.items():
            with open(partial / PurePosixPath(name).name, "xb") as file:
                for block in blocks():
                    file.write(block)
        partial.rename(folder)
    except OSError as error:
        raise file_error(folder, "cannot be written", error) from error
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(partial)


def _is_known(name: str) -> bool:
    """Whether it may be the name of a style that the program knows."""
    return is_word(name) or named_style(name) is not None


def _is_below(path: Path, folder: Path) -> bool:
    return path.is_absolute() and path.is_file() and path.resolve().is_relative_to(folder)


def _reader(path: Path) -> Blocks:
    def blocks() -> Iterator[bytes]:
        try:
            with open(path, "rb") as file:
                while block := file.read(2**20):
                    yield block
        except OSError as error:
            raise file_error(path, "cannot be read", error) from error

    return blocks
