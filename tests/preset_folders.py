"""Folders of presets for one test: a user's own, and a project."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import platformdirs
import pytest

import nast_fx.styles.find


def own_user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the user a data folder of the test's own; gives the folder of its presets."""
    for module in (platformdirs, nast_fx.styles.find):
        monkeypatch.setattr(module, "user_data_path", lambda *args, **kwargs: tmp_path / "data")
    return tmp_path / "data" / "presets"


def zipped(members: Mapping[str, bytes], **attributes: int) -> bytes:
    """Give an archive; `attributes` are set on every member (``external_attr``, ``flag_bits`` ...)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.writestr(info, data)
    return file.getvalue()


MINIMAL = b'schema = 1\nname = "Glass room"\n'
