"""A Debian package of the app: under /usr/lib, with a command, a desktop entry, icons and types of files."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from pathlib import Path

__all__ = ["dependencies_of", "make_deb"]

HERE = Path(__file__).resolve().parent
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
# Opened by name while the app runs, so that no file says they are needed.
BY_NAME = ("libegl1", "libgl1", "fonts-dejavu-core")
RECOMMENDED = ("libpulse0", "fluidsynth", "timgm6mb-soundfont")
NOT_NAMED = ("libgcc-s1", "libstdc++6")  # come with every program in C++; ours are in the app


def make_deb(app: Path, icons: Path, version: str, folder: Path) -> Path:
    """Make the package.

    Parameters
    ----------
    app : Path
        Folder of the frozen app.
    icons : Path
        What `icon.write_icons` made.
    version : str
    folder : Path
        Where the package is put.

    Returns
    -------
    Path
        The package.
    """
    root = app.parents[1] / "deb"
    shutil.rmtree(root, ignore_errors=True)
    inside = root / "usr" / "lib" / "nast-fx"
    shutil.copytree(app, inside, symlinks=True, copy_function=_linked)
    (root / "usr" / "bin").mkdir(parents=True)
    (root / "usr" / "bin" / "nast-fx").symlink_to("../lib/nast-fx/nast-fx")
    _put(HERE / "linux" / "nast-fx.desktop", root / "usr/share/applications/nast-fx.desktop")
    _put(HERE / "linux" / "nast-fx.xml", root / "usr/share/mime/packages/nast-fx.xml")
    for icon in icons.glob("nast-fx-*.png"):
        side = icon.stem.rpartition("-")[2]
        _put(icon, root / f"usr/share/icons/hicolor/{side}x{side}/apps/nast-fx.png")
    _put(icons / "nast-fx.svg", root / "usr/share/icons/hicolor/scalable/apps/nast-fx.svg")
    _write_papers(root / "usr/share/doc/nast-fx")
    machine = MACHINES.get(os.uname().machine, os.uname().machine)
    needed = ", ".join([*BY_NAME, *dependencies_of(inside)])
    control = (
        (HERE / "linux" / "control")
        .read_text(encoding="utf-8")
        .format(
            version=version,
            machine=machine,
            kibibytes=sum(path.lstat().st_size for path in root.rglob("*") if path.is_file()) // 1024,
            depends=needed,
            recommends=", ".join(RECOMMENDED),
        )
    )
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN" / "control").write_text(control, encoding="utf-8")
    package = folder / f"nast-fx_{version}_{machine}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(root), str(package)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return package


def dependencies_of(app: Path) -> list[str]:
    """Find the packages of libraries that the app needs and has not, and the least C library."""
    files = [path for path in app.rglob("*") if not path.is_symlink() and path.is_file() and _is_elf(path)]
    inside = {path.name for path in app.rglob("*.so*")} | {path.name for path in files}
    needed: set[str] = set()
    least = (2, 0)
    for path in files:
        names, version = _dynamic(path)
        needed |= names - inside
        least = max(least, version)
    packages = {package for name in sorted(needed) if (package := _package_of(name))}
    plain = sorted(packages - {"libc6", *NOT_NAMED, *BY_NAME})
    return [f"libc6 (>= {least[0]}.{least[1]})", *plain]


def _dynamic(path: Path) -> tuple[set[str], tuple[int, int]]:
    """Read which libraries a binary names, and the newest version of the C library that it asks for."""
    said = subprocess.run(["readelf", "-dVW", str(path)], capture_output=True, text=True, check=False).stdout
    names = {line.partition("[")[2].partition("]")[0] for line in said.splitlines() if "(NEEDED)" in line}
    versions = [(2, 0)]
    for word in said.split():
        if word.startswith("GLIBC_2."):
            parts = word.removeprefix("GLIBC_").split(".")
            if all(part.isdigit() for part in parts[:2]):
                versions.append((int(parts[0]), int(parts[1])))
    return names, max(versions)


def _package_of(library: str) -> str:
    done = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True, text=True, check=False)
    found = [line.partition(":")[0] for line in done.stdout.splitlines() if line.endswith(f"/{library}")]
    return min(found, key=len) if found else ""


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _write_papers(folder: Path) -> None:
    folder.mkdir(parents=True)
    _put(HERE / "linux" / "copyright", folder / "copyright")
    changes = (HERE.parent / "docs" / "changelog.md").read_bytes()
    with (folder / "changelog.gz").open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(changes)


def _put(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place)
    place.chmod(0o644)


def _linked(source: str, place: str) -> str:
    """Take a file as the same file: the app is a gigabyte."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copy2(source, place)
    return place
