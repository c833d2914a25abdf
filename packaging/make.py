"""Make everything that this machine can: wheel, sdist, the app, its bill of materials, a .deb, an archive.

    python packaging/make.py [--skip-app] [--skip-smoke]

Into ``dist/``; ``build/package/`` is for what lies in between. The app is made from the wheel, unpacked, so
that it holds what is installed elsewhere. What has no tool here is said.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from bill import bill_of_materials, components_of, write_licenses
from debian import make_deb
from icon import write_icons

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "package"
DIST = ROOT / "dist"
APP = WORK / "app" / "nast-fx"
SITE = WORK / "site"


def main() -> None:
    """Do one step after the other, and say what was made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--skip-app", action="store_true", help="wheel and sdist only")
    parser.add_argument("--skip-smoke", action="store_true", help="do not try the app")
    options = parser.parse_args()
    DIST.mkdir(exist_ok=True)
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    wheel = build_wheel()
    if not options.skip_app:
        version = unpack(wheel)
        write_icons(WORK / "icons")
        freeze()
        add_papers(version)
        make_installers(version)
        if not options.skip_smoke:
            run([sys.executable, str(ROOT / "packaging" / "smoke.py"), str(APP)])
    for path in sorted(DIST.iterdir()):
        say(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")


def build_wheel() -> Path:
    """Build sdist and, from it, the wheel; from a copy, so that nothing lies around in the sources."""
    for old in (*DIST.glob("nast_fx-*.whl"), *DIST.glob("nast_fx-*.tar.gz")):
        old.unlink()
    copy = WORK / "source"
    copy_project(copy)
    run([sys.executable, "-m", "build", "--outdir", str(DIST), str(copy)])
    return next(DIST.glob("nast_fx-*.whl"))


def copy_project(folder: Path) -> None:
    """Copy what git tracks, or, outside of a working copy, all that is no product."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.check_output(command, text=True).split("\0")
    except (OSError, subprocess.CalledProcessError):
        left = shutil.ignore_patterns("build", "dist", ".*", "*.egg-info", "__pycache__")
        shutil.copytree(ROOT, folder, ignore=left)
        return
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def unpack(wheel: Path) -> str:
    """Unpack the wheel for PyInstaller, write down what build this is, and give the version."""
    run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(SITE), str(wheel)])
    sys.path.insert(0, str(SITE))
    from nast_fx.build import commit_of
    from nast_fx.version import __version__

    facts = {
        "version": __version__,
        "commit": commit_of(ROOT) or "release",
        "wheel": hashlib.sha256(wheel.read_bytes()).hexdigest(),
    }
    (WORK / "build.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    return __version__


def freeze() -> None:
    """Make the app with PyInstaller."""
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(WORK / "app"), "--workpath", str(WORK / "work")]
    # Before what is installed, which may be a working copy.
    run([*command, str(ROOT / "packaging" / "nast-fx.spec")], PYTHONPATH=str(SITE))


def add_papers(version: str) -> None:
    """Put license texts and the bill of materials into the app; the bill into dist/, too."""
    shipped = json.loads((WORK / "shipped.json").read_text(encoding="utf-8"))
    ours = [SITE, WORK, ROOT / "packaging", ROOT / "LICENSE"]
    # PyInstaller's own part starts the executable; its license has an exception for what it makes.
    components = components_of(shipped, ours, tools=["pyinstaller"])
    write_licenses(components, APP / "licenses")
    shutil.copyfile(ROOT / "LICENSE", APP / "LICENSE")
    shutil.copytree(ROOT / "packaging" / "reaper", APP / "reaper", dirs_exist_ok=True)
    for path in (APP, *APP.rglob("*")):
        if not path.is_symlink():  # whatever the umask is here: others read it elsewhere
            path.chmod(path.stat().st_mode | (0o555 if path.stat().st_mode & 0o100 else 0o444))
    text = json.dumps(bill_of_materials(components, version), indent=1) + "\n"
    for place in (APP / "sbom.cdx.json", DIST / f"nast-fx-{version}.cdx.json"):
        place.write_text(text, encoding="utf-8")
    say(f"bill of materials: {len(components)} components, each with its license")


def make_installers(version: str) -> None:
    """Make what can be made here."""
    if sys.platform == "linux":
        if shutil.which("dpkg-deb"):
            make_deb(APP, WORK / "icons", version, DIST)
        else:
            say("no .deb: dpkg-deb is not here")
        name = f"nast-fx-{version}-linux-{os.uname().machine}"
        with tarfile.open(DIST / f"{name}.tar.xz", "w:xz", preset=1) as archive:
            archive.add(APP, name)
    elif sys.platform == "darwin":
        run(["sh", str(ROOT / "packaging" / "macos" / "bundle.sh"), version])
    elif shutil.which("makensis"):
        script = ROOT / "packaging" / "windows" / "nast-fx.nsi"
        facts = {"VERSION": version, "APP": APP, "ICONS": WORK / "icons", "OUT": DIST}
        run(["makensis", *(f"-D{name}={value}" for name, value in facts.items()), str(script)])
    else:
        say("no installer: makensis (NSIS) is not here")


def run(command: list[str], **variables: str) -> None:
    """Run a step; one that fails ends all."""
    say("$ " + " ".join(command))
    began = time.monotonic()
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | variables)
    say(f"  {time.monotonic() - began:.0f} s")


def say(text: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
