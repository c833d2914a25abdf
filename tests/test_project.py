from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT_SUFFIXES = {"", ".cff", ".in", ".md", ".py", ".sh", ".toml", ".txt", ".yml"}
# What would make `nast-fx --help` slow: about two seconds of imports.
HEAVY = ("torch", "scipy", "matplotlib", "soundfile", "soxr", "pedalboard", "dask", "distributed")


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def project_files() -> list[Path]:
    """What git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [path for line in done.stdout.splitlines() if (path := ROOT / line).is_file()]


def test_imports_only_point_down() -> None:
    run_python("import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))")


def test_every_package_is_installed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = {name for name in settings["tool"]["setuptools"]["packages"] if name.split(".")[0] == "nast_fx"}
    on_disk = {
        ".".join(folder.relative_to(ROOT).parts)
        for folder in (ROOT / "nast_fx").rglob("*")
        if folder.is_dir() and any(folder.glob("*.py"))
    }
    assert listed == on_disk | {"nast_fx"}


@pytest.mark.parametrize("module", ["nast_fx", "nast_fx.models", "nast_fx.cli"])
def test_a_start_imports_nothing_heavy(module: str) -> None:
    loaded = run_python(f"import sys, {module}; print(*sys.modules)").split()
    assert module in loaded
    assert not set(HEAVY) & set(loaded)


def test_no_file_knows_a_machine() -> None:
    files = [path for path in project_files() if path.suffix in TEXT_SUFFIXES and path.name != "LICENSE"]
    assert Path(__file__) in files
    machine_path = re.compile(r"(?<![\w.])/(work|root|tmp|home)/")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if machine_path.search(line)
    ]
    assert not found


def test_ci_runs_what_a_contributor_runs() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "make system test slow"
    assert "set -euo pipefail" in lines


def test_constraints_fit_the_metadata() -> None:
    from packaging.requirements import Requirement

    pinned = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["test"]
    ]
    assert {one.name for one in wanted} <= set(pinned)
    assert all(pinned[one.name] in one.specifier for one in wanted)
