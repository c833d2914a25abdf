"""What is given away: wheel and sdist, the app's start and recipe, its installers, and what is said of it."""

from __future__ import annotations

import ast
import json
import plistlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest

from nast_fx import build, own_process
from nast_fx.whole import missing_modules

ROOT = Path(__file__).parents[1]
PACKAGING = ROOT / "packaging"
APP = ROOT / "build" / "package" / "app" / "nast-fx"
OWN_TOPS = {"nast_fx", "nast_fx_gui", "nast_fx_presets"}

sys.path.insert(0, str(PACKAGING))
import bill  # noqa: E402
import debian  # noqa: E402
import icon  # noqa: E402
import make  # noqa: E402

BUILD = """
import os, sys
from setuptools import build_meta
os.chdir(sys.argv[1])
build_meta.build_sdist(sys.argv[2])
"""


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that is made from it."""
    folder = tmp_path_factory.mktemp("given")
    make.copy_project(folder / "source")
    quiet = {"check": True, "capture_output": True}
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    try:
        import setuptools
    except ImportError:
        pytest.skip("needs setuptools")
    if int(setuptools.__version__.partition(".")[0]) < 77:
        pytest.skip("needs setuptools 77")
    subprocess.run([sys.executable, "-c", BUILD, str(folder / "source"), str(folder)], **quiet)
    (sdist,) = folder.glob("*.tar.gz")
    subprocess.run([*pip, "-w", str(folder), str(sdist)], **quiet)
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


def test_the_wheel_holds_all_of_it_and_nothing_else(given: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(given[1]) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == OWN_TOPS
    wanted = set()
    for folder, package in (("nast_fx", "nast_fx"), ("gui", "nast_fx_gui"), ("presets", "nast_fx_presets")):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".toml", ".naststyle", ".safetensors", ".mo", ".typed"):
                wanted.add(f"{package}/{path.relative_to(ROOT / folder).as_posix()}")
    assert wanted <= names
    assert {name for name in names if name.startswith("nast_fx/weights/")}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_is_enough_to_build_from(given: tuple[Path, Path]) -> None:
    with tarfile.open(given[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "README.md", "gui/app.py", "presets/lo-fi-tape.toml"} <= names
    assert not {name for name in names if name.startswith(("build/", "dist/", ".venv"))}


def test_the_wheel_runs_where_nothing_else_of_ours_is(given: tuple[Path, Path], tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    site = Path(
        subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target"]
    subprocess.run([*install, str(site), str(given[1])], check=True)
    # Other people's packages from here; a .pth line reads no other .pth, so no working copy comes along.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    code = "import nast_fx, nast_fx_gui, nast_fx_presets as p; print(nast_fx.__file__, p.__file__)"
    bare = {name: value for name, value in make.os.environ.items() if name != "PYTHONPATH"}
    said = subprocess.check_output([python, "-c", code], text=True, cwd=tmp_path, env=bare)
    assert said.count(str(tmp_path)) == 2
    listed = subprocess.check_output(
        [python, "-m", "nast_fx", "presets", "list", "--json"], text=True, cwd=tmp_path, env=bare
    )
    assert "lo-fi-tape" in listed


def test_one_seam_starts_our_own_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_process.own_command("nast_fx", "worker")[1:] == ["-P", "-m", "nast_fx", "worker"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own_process.own_command("nast_fx", "worker") == [sys.executable, "-m", "nast_fx", "worker"]
    assert build.build_facts()["kind"] == "app"
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("nast_fx", "gui")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "sys.executable" in path.read_text(encoding="utf-8")
    ]
    assert found == ["nast_fx/own_process.py", "gui/screenshots.py"]  # the last is no part of the app


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PACKAGING / "start.py"), *arguments]
    environment = {"PYTHONPATH": str(ROOT), "LD_LIBRARY_PATH": "ours", "LD_LIBRARY_PATH_ORIG": "theirs"}
    return subprocess.run(
        command, env=make.os.environ | environment, capture_output=True, text=True, check=False
    )


def test_the_start_is_the_command_line_and_our_modules(tmp_path: Path) -> None:
    assert start("--version").stdout.startswith("nast-fx ")
    assert start("-m", "nast_fx", "--version").stdout.startswith("nast-fx ")
    for module in ("http.server", "", "nast_fx_else.x"):
        refused = start("-m", module)
        assert (refused.returncode, "only modules of nast-fx" in refused.stderr) == (1, True)
    if sys.platform == "linux":
        look = "print(*(os.environ.get(name) for name in ('LD_LIBRARY_PATH', '_PYI_ARCHIVE_FILE')))"
        code = f"import os, start; start._restore_library_path(); {look}"
        own = {"PYTHONPATH": str(PACKAGING), "LD_LIBRARY_PATH": "ours", "LD_LIBRARY_PATH_ORIG": "theirs"}
        own |= {"_PYI_ARCHIVE_FILE": "nast-fx"}
        said = subprocess.check_output([sys.executable, "-c", code], env=make.os.environ | own, text=True)
        assert said.split() == ["theirs", "None"]


def test_every_module_can_be_imported() -> None:
    pytest.importorskip("PyQt6.QtMultimedia")
    n_modules, missing = missing_modules()
    assert n_modules > 400
    assert missing == {}


def test_the_commit_is_that_of_the_working_copy(tmp_path: Path) -> None:
    assert build.commit_of(tmp_path) == ""
    git = shutil.which("git")
    if git is None:
        pytest.skip("needs git")
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    for command in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([git, *command], cwd=tmp_path, check=True)
    assert re.fullmatch(r"[0-9a-f]{12}", build.commit_of(tmp_path))


def test_the_recipe_is_python() -> None:
    tree = ast.parse((PACKAGING / "nast-fx.spec").read_text(encoding="utf-8"))
    called = {
        node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "id")
    }
    assert {"Analysis", "PYZ", "EXE", "COLLECT", "BUNDLE"} <= called


def test_the_icon_is_a_picture_of_every_size(tmp_path: Path) -> None:
    from PIL import Image

    icon.write_icons(tmp_path)
    for side in icon.PNG_SIDES:
        with Image.open(tmp_path / f"nast-fx-{side}.png") as picture:
            assert (picture.size, picture.mode) == ((side, side), "RGBA")
            assert picture.getpixel((0, 0))[3] == 0  # round corners
            assert picture.getpixel((side // 2, side // 2))[3] == 255
    with Image.open(tmp_path / "nast-fx.ico") as picture:
        assert {(side, side) for side in icon.ICO_SIDES} == set(picture.info["sizes"])
    with Image.open(tmp_path / "nast-fx.icns") as picture:
        assert (512, 512, 1) in picture.info["sizes"]
    shapes = ElementTree.parse(tmp_path / "nast-fx.svg").getroot()
    assert len(list(shapes)) == len(icon.shapes())


def test_the_bill_names_owner_license_and_libraries() -> None:
    import pydantic
    import soundfile

    library = next(Path(soundfile.__file__).parent.glob("_soundfile_data/libsndfile*"))
    shipped = [
        ("pydantic", pydantic.__file__),
        ("soundfile", soundfile.__file__),
        (f"_soundfile_data/{library.name}", str(library)),
        ("nast_fx", str(ROOT / "nast_fx" / "__init__.py")),
    ]
    components = bill.components_of(shipped, [ROOT], tools=["numpy"])
    assert {one.name.lower() for one in components} == {"pydantic", "soundfile", "numpy"}
    made = bill.bill_of_materials(components, "1.0")
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.5")
    by_name = {entry["name"].lower(): entry for entry in made["components"]}
    assert by_name["pydantic"]["purl"].startswith("pkg:pypi/pydantic@")
    assert by_name["pydantic"]["licenses"][0]["license"]["name"] == "MIT"
    (file,) = by_name["soundfile"]["components"]
    assert len(file["hashes"][0]["content"]) == 64
    assert bill.bill_of_materials(components, "1.0") == made


def test_a_file_of_nobodys_is_an_error(tmp_path: Path) -> None:
    if shutil.which("dpkg") is None:
        pytest.skip("needs dpkg")
    (tmp_path / "stray.so").write_bytes(b"x")
    with pytest.raises(ValueError, match="nobody knows to whom it belongs"):
        bill.components_of([("stray.so", str(tmp_path / "stray.so"))], [])


def test_the_desktop_entry_and_the_types_are_valid(tmp_path: Path) -> None:
    entry = PACKAGING / "linux" / "nast-fx.desktop"
    types = ElementTree.parse(PACKAGING / "linux" / "nast-fx.xml").getroot()
    names = {one.get("type") for one in types}
    assert names == {"application/x-nast-fx-style", "application/x-nast-fx-preset"}
    assert all(f"{name};" in entry.read_text(encoding="utf-8") for name in names)
    if shutil.which("desktop-file-validate"):
        subprocess.run(["desktop-file-validate", str(entry)], check=True)
    if shutil.which("update-mime-database"):
        (tmp_path / "packages").mkdir()
        shutil.copy(PACKAGING / "linux" / "nast-fx.xml", tmp_path / "packages")
        subprocess.run(["update-mime-database", str(tmp_path)], check=True, capture_output=True)
        assert "application/x-nast-fx-style:*.naststyle" in (tmp_path / "globs").read_text()


def test_a_deb_is_made_of_an_app(tmp_path: Path) -> None:
    if not (shutil.which("dpkg-deb") and shutil.which("readelf")):
        pytest.skip("needs dpkg-deb and readelf")
    app = tmp_path / "app" / "nast-fx"
    (app / "_internal").mkdir(parents=True)
    shutil.copy(sys.executable, app / "nast-fx")
    (app / "_internal" / "x.txt").write_text("x", encoding="utf-8")
    icon.write_icons(tmp_path / "icons")
    package = debian.make_deb(app, tmp_path / "icons", "1.0", tmp_path)
    fields = subprocess.check_output(["dpkg-deb", "-f", str(package)], text=True)
    assert "Package: nast-fx" in fields
    assert re.search(r"Depends: .*libc6 \(>= 2\.\d+\)", fields)
    listed = subprocess.check_output(["dpkg-deb", "-c", str(package)], text=True)
    for name in (
        "./usr/bin/nast-fx -> ../lib/nast-fx/nast-fx",
        "./usr/lib/nast-fx/_internal/x.txt",
        "./usr/share/applications/nast-fx.desktop",
        "./usr/share/icons/hicolor/48x48/apps/nast-fx.png",
        "./usr/share/mime/packages/nast-fx.xml",
        "./usr/share/doc/nast-fx/copyright",
    ):
        assert name in listed
    assert "root/root" in listed.splitlines()[0]


def test_the_installer_for_windows_compiles(tmp_path: Path) -> None:
    if shutil.which("makensis") is None:
        pytest.skip("needs makensis (nsis)")
    app = tmp_path / "app"
    app.mkdir()
    for name in ("LICENSE", "nast-fx.exe", "nast-fx-gui.exe"):
        (app / name).write_text("x", encoding="utf-8")
    icon.write_icons(tmp_path / "icons")
    facts = {"VERSION": "1.0", "APP": app, "ICONS": tmp_path / "icons", "OUT": tmp_path}
    command = ["makensis", "-V2", "-WX", *(f"-D{name}={value}" for name, value in facts.items())]
    subprocess.run([*command, str(PACKAGING / "windows" / "nast-fx.nsi")], check=True)
    assert (tmp_path / "nast-fx-1.0-setup.exe").read_bytes()[:2] == b"MZ"


def test_the_bundle_may_host_plugins() -> None:
    with (PACKAGING / "macos" / "entitlements.plist").open("rb") as file:
        rights = plistlib.load(file)
    assert rights["com.apple.security.cs.disable-library-validation"] is True
    assert rights["com.apple.security.cs.allow-jit"] is True
    if shutil.which("sh"):
        subprocess.run(["sh", "-n", str(PACKAGING / "macos" / "bundle.sh")], check=True)


@pytest.mark.slow
@pytest.mark.package
def test_the_app_runs_for_somebody_who_has_nothing() -> None:
    if not APP.is_dir():
        pytest.skip("there is no app here (make package)")
    command = [sys.executable, str(PACKAGING / "smoke.py"), str(APP), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["build"]["kind"] == "app"
    assert figures["megabytes"] < 1100
