"""What is shipped in the app: a bill of materials (CycloneDX 1.5, JSON), and everybody's license.

Every file that PyInstaller took belongs to a Python distribution, to a Debian package, to Python or to us;
which is looked up, not listed by hand. A component without a license, or a file of nobody's, is an error.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
import shutil
import subprocess
import sysconfig
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Component", "bill_of_materials", "components_of", "write_licenses"]

OURS = "nast-fx"
LICENSE_NAMES = re.compile(r"(licen[cs]e|copying|notice|authors|copyright)", re.IGNORECASE)
LIBRARY = re.compile(r"\.(so(\.\d+)*|dylib|dll)$", re.IGNORECASE)
EXTENSION = re.compile(r"\.(cpython-|abi3|cp3)")  # modules of a package, not libraries of others


@dataclass
class Component:
    """Something of one author that was shipped.

    Attributes
    ----------
    name, version, license, url : str
    kind : str
        ``pypi``, ``deb`` or ``generic``, as package URLs have it.
    texts : list of Path
        Its license texts on this machine.
    libraries : dict of str to Path
        Binary libraries that came with it, by the names that they have in the app.
    """

    name: str
    version: str
    kind: str
    license: str = ""
    url: str = ""
    texts: list[Path] = field(default_factory=list)
    libraries: dict[str, Path] = field(default_factory=dict)


def components_of(
    shipped: Iterable[tuple[str, str]], ours: Iterable[Path], tools: Iterable[str] = ()
) -> list[Component]:
    """Find to whom shipped files belong.

    Parameters
    ----------
    shipped : iterable of (name in the app, path on this machine)
    ours : iterable of Path
        Files and folders of our own.
    tools : iterable of str
        Distributions that put something of theirs into the executable itself.

    Raises
    ------
    ValueError
        A file is nobody's, or a component has no license.
    """
    owners = _python_owners()
    folders = [folder.resolve() for folder in ours]
    python = Path(sysconfig.get_path("stdlib")).resolve()
    known: dict[importlib.metadata.Distribution, Component] = {}
    found: dict[str, Component] = {}
    rest: dict[Path, str] = {}
    for name, source in shipped:
        path = Path(source)
        owner = owners.get(path) or owners.get(path.resolve())
        if owner is not None:
            if owner not in known:  # reading its metadata takes long, and torch has thousands of files
                known[owner] = _of_distribution(owner)
                found[known[owner].name.lower()] = known[owner]
            _note_library(known[owner], name, path)
        elif path.is_file() and not any(path.resolve().is_relative_to(folder) for folder in folders):
            if path.resolve().is_relative_to(python) or path.name.startswith("libpython"):
                _note_library(found.setdefault("cpython", _python()), name, path)
            else:
                rest[path] = name
    found |= _of_system(rest)
    for name in tools:
        found[name] = _of_distribution(importlib.metadata.distribution(name))
    if bare := [one.name for one in found.values() if not one.license or not one.texts]:
        raise ValueError(f"no license is known of {', '.join(bare)}")
    return sorted(found.values(), key=lambda one: (one.kind, one.name.lower()))


def bill_of_materials(components: Iterable[Component], version: str) -> dict[str, Any]:
    """Give the bill as CycloneDX has it; the same components give the same bill."""
    listed = [_entry(one) for one in components]
    digest = hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).digest()
    main = {
        "type": "application",
        "bom-ref": OURS,
        "name": OURS,
        "version": version,
        "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        "metadata": {
            "component": main,
            "tools": {"components": [{"type": "application", "name": "bill.py"}]},
        },
        "components": listed,
        "dependencies": [{"ref": OURS, "dependsOn": [entry["bom-ref"] for entry in listed]}],
    }


def write_licenses(components: Iterable[Component], folder: Path) -> None:
    """Copy every license text into `folder`, one folder a component, and list them in ``LICENSES.txt``."""
    shutil.rmtree(folder, ignore_errors=True)
    lines = [
        "What is part of this app, and under which license; the texts are in the folders beside this file."
    ]
    for one in components:
        place = folder / one.name
        place.mkdir(parents=True)
        for number, text in enumerate(one.texts):
            name = text.name if not (place / text.name).exists() else f"{number}-{text.name}"
            shutil.copyfile(text, place / name)
        lines.append(f"{one.name} {one.version}: {one.license}")
    (folder / "LICENSES.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _python_owners() -> dict[Path, importlib.metadata.Distribution]:
    """Map every file of every installed distribution, but our own, to it."""
    owners = {}
    for distribution in importlib.metadata.distributions():
        if distribution.metadata["Name"] == OURS:
            continue
        for file in distribution.files or ():
            path = Path(str(distribution.locate_file(file)))
            owners[path] = owners[path.resolve()] = distribution
    return owners


def _of_distribution(distribution: importlib.metadata.Distribution) -> Component:
    facts = distribution.metadata
    texts = [
        Path(str(distribution.locate_file(file)))
        for file in distribution.files or ()
        if LICENSE_NAMES.search(file.name) and file.suffix in ("", ".txt", ".md", ".rst", ".APACHE", ".BSD")
    ]
    url = _field(facts, "Home-page") or next(iter(facts.get_all("Project-URL") or [""])).partition(", ")[2]
    name = facts["Name"]
    license_name = (
        _field(facts, "License-Expression") or _classified(facts) or _first_line(_field(facts, "License"))
    )
    texts = [text for text in texts if text.is_file()] or _common_text(license_name)
    return Component(name, distribution.version, "pypi", license_name, url or "", texts)


def _field(facts: importlib.metadata.PackageMetadata, name: str) -> str:
    """Give a field, or nothing: newer readers of metadata raise where it is missing."""
    return next(iter(facts.get_all(name) or [""]))


def _classified(facts: importlib.metadata.PackageMetadata) -> str:
    """Give the licenses that the classifiers name."""
    named = [
        line.rpartition(" :: ")[2] for line in facts.get_all("Classifier") or () if line.startswith("License")
    ]
    return " and ".join(name for name in named if name != "OSI Approved")


def _first_line(text: str | None) -> str:
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), "")


def _common_text(license_name: str) -> list[Path]:
    """Give the text of a license that a package names and does not bring along, from Debian or from us."""
    folder = Path("/usr/share/common-licenses")
    known = {"gpl v3": "GPL-3", "gpl-3": "GPL-3", "gnu general public license v3": "GPL-3", "gplv2": "GPL-2"}
    names = [name for word, name in known.items() if word in license_name.lower()]
    own = Path(__file__).parents[1] / "LICENSE"  # GPL-3, if this is no Debian
    return [next((path for name in names if (path := folder / name).is_file()), own)] if names else []


def _python() -> Component:
    texts = [
        path
        for name in ("LICENSE.txt", "LICENSE")
        if (path := Path(sysconfig.get_path("stdlib")) / name).is_file()
    ]
    return Component(
        "cpython", platform.python_version(), "generic", "PSF-2.0", "https://www.python.org/", texts
    )


def _of_system(files: Mapping[Path, str]) -> dict[str, Component]:
    """Find the Debian packages of files."""
    found: dict[str, Component] = {}
    for path, name in files.items():
        package = _debian_package(path)
        if package not in found:
            found[package] = _of_debian(package)
        _note_library(found[package], name, path)
    return found


def _debian_package(path: Path) -> str:
    for candidate in (path, path.resolve(), Path("/", *path.resolve().parts[2:])):  # /usr/lib was /lib
        done = subprocess.run(["dpkg", "-S", str(candidate)], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.partition(":")[0].split(",")[0]
    raise ValueError(f"{path}: nobody knows to whom it belongs")


def _of_debian(package: str) -> Component:
    wanted = "${Version}\t${Homepage}\n"
    facts = subprocess.check_output(["dpkg-query", "-W", "-f", wanted, package], text=True).splitlines()[0]
    version, _, url = facts.partition("\t")
    text = Path("/usr/share/doc", package, "copyright")
    names: dict[str, None] = {}
    if text.is_file():
        for line in text.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("License:") and line.partition(":")[2].strip():
                names[line.partition(":")[2].strip()] = None
    license_name = " and ".join(names) or "see its copyright file"
    return Component(package, version, "deb", license_name, url, [text] if text.is_file() else [])


def _note_library(component: Component, name: str, path: Path) -> None:
    if LIBRARY.search(name) and not EXTENSION.search(name):
        component.libraries[name] = path


def _entry(one: Component) -> dict[str, Any]:
    purl = {
        "pypi": f"pkg:pypi/{one.name.lower()}@{one.version}",
        "deb": f"pkg:deb/debian/{one.name}@{one.version}",
    }
    reference = purl.get(one.kind, f"pkg:generic/{one.name}@{one.version}")
    entry: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference,
        "name": one.name,
        "version": one.version,
        "purl": reference,
        "licenses": [{"license": {"name": one.license[:500]}}],
    }
    if one.url.startswith("http"):
        entry["externalReferences"] = [{"type": "website", "url": one.url}]
    if one.libraries:
        entry["components"] = [
            {
                "type": "file",
                "name": name,
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
            }
            for name, path in sorted(one.libraries.items())
        ]
    return entry
