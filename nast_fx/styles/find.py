"""Where styles are: a file by its path, the user's own and those of the program by their names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path

from nast_fx.audio import shown
from nast_fx.audio.names import file_error
from nast_fx.errors import UsageError, did_you_mean
from nast_fx.models.portable_style import STYLE_SUFFIX

__all__ = ["FACTORY_FOLDER", "FoundStyle", "find_style", "list_styles", "made_user_folder", "named_style"]

FACTORY_FOLDER = Path(__file__).parent / "factory"

Layer = Literal["file", "user", "factory"]


@dataclass(frozen=True)
class FoundStyle:
    """A style file.

    Attributes
    ----------
    path : Path
    layer : str
        ``file`` (given by its path), ``user`` or ``factory``.
    shadows : bool
        Of the user's own: whether the program has one of that name.
    """

    path: Path
    layer: Layer
    shadows: bool = False

    @property
    def name(self) -> str:
        """Name by which it is found."""
        return self.path.stem


def user_folder() -> Path:
    """Folder of the user's own styles; it may not be there yet."""
    return user_data_path("nast-fx", appauthor=False) / "styles"


def made_user_folder() -> Path:
    """Make the folder of the user's own styles where it is not there yet.

    Raises
    ------
    AudioFileError
        It cannot be made.
    """
    folder = user_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(folder, "cannot be made", error) from error
    return folder


def list_styles() -> list[FoundStyle]:
    """List the user's own styles, then those of the program."""
    factory = sorted(FACTORY_FOLDER.glob(f"*{STYLE_SUFFIX}"))
    names = {path.stem for path in factory}
    own = sorted(path for path in user_folder().glob(f"*{STYLE_SUFFIX}") if path.is_file())
    return [
        *(FoundStyle(path, "user", path.stem in names) for path in own),
        *(FoundStyle(path, "factory") for path in factory),
    ]


def named_style(name: str | Path) -> FoundStyle | None:
    """Find a style by its bare name, the user's own before the program's; None if there is none."""
    text = str(name)
    if Path(text).name != text:
        return None
    known = {found.name: found for found in reversed(list_styles())}
    return known.get(text.removesuffix(STYLE_SUFFIX))


def _is_file(name: str | Path) -> bool:
    """Whether there is such a file; a name that no file can have is none."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def find_style(name_or_path: str | Path) -> FoundStyle:
    """Find a style file; a file of that very name comes before a style of that name.

    Raises
    ------
    UsageError
        There is neither.
    """
    if _is_file(name_or_path):
        return FoundStyle(Path(name_or_path), "file")
    if found := named_style(name_or_path):
        return found
    near = did_you_mean(str(name_or_path), [style.name for style in list_styles()])
    raise UsageError(f"there is no style {shown(name_or_path)}, as a file or by name{near}")
