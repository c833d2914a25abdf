"""What build of the program this is: as an app or by Python, from a release or from which commit."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from nast_fx.own_process import is_frozen

__all__ = ["FACTS_FILE", "build_facts", "commit_of"]

FACTS_FILE = Path(__file__).with_name("build.json")  # written into the app by packaging/make.py
GIT_SECONDS = 10.0


def build_facts() -> dict[str, str]:
    """Give ``commit`` (``release`` where nobody has written it down) and ``kind`` (``app`` or ``python``)."""
    commit = commit_of(Path(__file__).parents[1])
    if FACTS_FILE.is_file():
        commit = str(json.loads(FACTS_FILE.read_text(encoding="utf-8"))["commit"])
    return {"commit": commit or "release", "kind": "app" if is_frozen() else "python"}


def commit_of(folder: Path) -> str:
    """Give the commit of a working copy, with ``-dirty`` where it was changed; empty if it is none."""
    git = shutil.which("git")
    if git is None or not (folder / ".git").exists():
        return ""
    command = [git, "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
