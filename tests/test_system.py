"""`make system` on machines that are not here: every command that it calls is replaced by a fake."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[1] / "packaging"
LISTED = [
    line.split()[0]
    for line in (PACKAGING / "debian-packages.txt").read_text("utf-8").splitlines()
    if line[0] != "#"
]
# Of what is not installed; wesnoth's music is the first of the list.
REST = " ".join(name for name in LISTED if name not in {"wesnoth-1.16-music", "ffmpeg"})
INSTALLED = 'case "$*" in *ffmpeg*) printf installed ;; *) exit 1 ;; esac'

pytestmark = pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")


class Machine:
    """A folder of fake commands, and what `system.sh` says and calls there."""

    def __init__(self, folder: Path, *, user: int, dpkg: str | None = INSTALLED, apt: str = "exit 0") -> None:
        self.folder = folder
        self.calls = folder / "calls"
        for tool in ("dirname", "sed", "tr", "sh"):
            (folder / tool).symlink_to(shutil.which(tool) or tool)
        self.fake("id", f"echo {user}")
        if dpkg is not None:
            self.fake("dpkg-query", dpkg)
            self.fake("apt-get", f'echo "apt-get $*" >> "{self.calls}"; {apt}')

    def fake(self, name: str, body: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self) -> tuple[str, list[str]]:
        """What it said, and the calls of apt-get that change the system; it always succeeds."""
        done = subprocess.run(
            ["sh", PACKAGING / "system.sh"],
            env={"PATH": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        calls = self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []
        return done.stdout, [call for call in calls if "--simulate" not in call]


def test_a_user_gets_the_line_to_type_and_nothing_is_called(tmp_path: Path) -> None:
    said, calls = Machine(tmp_path, user=1000).run()
    line = f"sudo apt-get install --no-install-recommends wesnoth-1.16-music {REST}"
    assert said.splitlines()[-1].strip() == line
    assert not calls


def test_root_says_first_what_it_installs(tmp_path: Path) -> None:
    said, calls = Machine(tmp_path, user=0, apt='[ "$1" != install ] || echo "APT RUNS"').run()
    assert said.index("installing") < said.index("espeak-ng") < said.index("APT RUNS")
    assert [call.split()[1] for call in calls] == ["update", "install"]
    assert calls[-1].endswith(f"--no-install-recommends wesnoth-1.16-music {REST}")


def test_nothing_missing_nothing_called(tmp_path: Path) -> None:
    said, calls = Machine(tmp_path, user=0, dpkg="printf installed").run()
    assert "every Debian package" in said
    assert not calls


def test_removed_but_configured_is_missing(tmp_path: Path) -> None:
    said, _ = Machine(tmp_path, user=1000, dpkg="printf config-files").run()
    assert said.rstrip().endswith(REST.split()[-1])


def test_a_package_that_the_release_lacks_is_left_out(tmp_path: Path) -> None:
    apt = 'case "$*" in *--simulate*wesnoth*) exit 100 ;; esac'
    said, calls = Machine(tmp_path, user=0, apt=apt).run()
    assert "wesnoth-1.16-music cannot be installed" in said
    assert calls[-1].endswith(f"--no-install-recommends {REST}")


def test_without_a_network_the_tests_go_on(tmp_path: Path) -> None:
    apt = 'case "$*" in *--simulate*) exit 0 ;; *) exit 100 ;; esac'
    said, _ = Machine(tmp_path, user=0, apt=apt).run()
    assert "update failed" in said
    assert "could not install" in said


def test_elsewhere_one_sentence(tmp_path: Path) -> None:
    said, _ = Machine(tmp_path, user=501, dpkg=None).run()
    assert said.count("\n") == 1
    assert "not Debian" in said


def test_every_package_says_what_needs_it() -> None:
    lines = (PACKAGING / "debian-packages.txt").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if not line.startswith("#")]
    assert packages
    assert all("#" in line and line.split("#")[1].strip() for line in packages)
