"""`nast-fx presets edit`: a copy in the user's own editor, checked before it replaces the preset."""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
import tempfile
from pathlib import Path

from nast_fx.cli.console import reporter_for
from nast_fx.errors import NastFxError, UsageError

__all__ = ["edit_preset"]


def edit_preset(name: str, *, as_json: bool) -> None:
    """Open an editor on a copy; what is right replaces the preset, what is wrong is kept beside it.

    Raises
    ------
    UsageError
        There is no editor or no such preset, what was written is wrong, or the preset was changed in the
        meantime; the copy is kept then.
    """
    from nast_fx.audio.table_file import write_text
    from nast_fx.presets import find_preset, made_folder, parse_preset

    found, reporter = find_preset(name), reporter_for(as_json=as_json, quiet=False)
    is_copied = found.layer == "factory"
    target = made_folder("user") / found.path.name if is_copied else found.path
    before = found.path.read_bytes()
    copy = Path(tempfile.gettempdir()) / f"{found.path.stem}-{secrets.token_hex(4)}.toml"
    with open(copy, "xb") as file:
        file.write(before)
    try:
        _open_editor(copy)
        after = copy.read_bytes()
        if after != before:
            parse_preset(after, found.path.name)
            if found.path.read_bytes() != before:
                raise UsageError(f"{found.path} was changed in the meantime; it is left as it is")
            write_text(target, after.decode("utf-8-sig"), overwrite=not is_copied)
    except NastFxError as error:
        if copy.is_file() and copy.read_bytes() != before:
            raise type(error)(f"{error}; what you wrote is kept in {copy}") from error
        copy.unlink(missing_ok=True)
        raise
    copy.unlink(missing_ok=True)
    is_changed = after != before
    if not is_changed:
        reporter.note("Nothing changed.")
    elif is_copied:
        reporter.note("The program's own preset stays; yours hides it.")
    path = target if is_changed else found.path
    reporter.result({"path": path, "changed": is_changed}, line=str(path), summary="")


def _open_editor(path: Path) -> None:
    """Run $VISUAL or $EDITOR, which may have options of its own, and wait for its end."""
    default = "notepad" if os.name == "nt" else ""
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or default
    if not command.strip():
        raise UsageError("no editor is known: set VISUAL or EDITOR, as in EDITOR=nano")
    try:
        words = shlex.split(command, posix=os.name != "nt")
        code = subprocess.run([*words, str(path)], check=False).returncode
    except (OSError, ValueError) as error:
        raise UsageError(f"the editor '{command}' cannot be started: {error}") from error
    if code:
        raise UsageError(f"the editor '{command}' ended with code {code}; the preset is left as it is")
