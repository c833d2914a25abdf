"""Try the frozen app as somebody who has nothing: no Python, no environment, a new home, another user.

    python packaging/smoke.py APP [--root FOLDER] [--plugin FILE.vst3] [--json]

APP is the app's folder. With --root it is one inside of that root (made by debootstrap, say), and everything
runs in there by chroot; that and another user need root. Whatever is missing ends it with exit code 1.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RATE = 44_100  # Hz
NOBODY = 65_534
PLUGIN = Path("/usr/lib/vst3/ZamComp.vst3")
PATIENCE = 180.0  # seconds for one command on a busy machine
SIGNS = ("ModuleNotFoundError", "ImportError", "No module named", "Traceback", "cannot open shared object")
CHAIN = """schema = 1
[[slots]]
plugin = "{plugin}"
path = "{path}"
[[slots]]
plugin = "style"
[[slots]]
plugin = "Reverb"
mix = 0.2
"""


@dataclass
class Sandbox:
    """Where the app runs: its root, its user, its home; and what was measured."""

    app: Path
    root: Path
    folder: Path
    plugin: Path
    figures: dict[str, Any] = field(default_factory=dict)

    def command(self, *arguments: str) -> list[str]:
        """Put the way into the sandbox before the app's own command."""
        program = [str(self.app / "nast-fx"), *arguments]
        if os.name != "posix" or os.geteuid() != 0:
            return program
        if self.root != Path("/"):
            return [tool("chroot"), f"--userspec={NOBODY}:{NOBODY}", str(self.root), *program]
        return [tool("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *program]

    def inside(self, path: Path) -> str:
        """Give a path as the app sees it."""
        return str(Path("/", path.relative_to(self.root)))

    @property
    def environment(self) -> dict[str, str]:
        """Next to nothing; Windows starts no process without its own folder."""
        home = self.inside(self.folder / "home")
        own = {"HOME": home, "USERPROFILE": home, "TMPDIR": self.inside(self.folder), "LANG": "C.UTF-8"}
        kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
        return own | kept | {"PATH": home, "QT_QPA_PLATFORM": "offscreen"}

    def start(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        """Start the app."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **more,
        )

    def run(self, *arguments: str, **more: Any) -> str:
        """Run the app to its end, and give what it said."""
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=PATIENCE)
        check(process.returncode == 0, f"{arguments}: exit code {process.returncode}\n{out}{err}")
        check(not any(sign in out + err for sign in SIGNS), f"{arguments}: {err}")
        return out


def main() -> None:
    """Try one thing after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("app", type=Path)
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--plugin", type=Path, default=PLUGIN)
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object")
    options = parser.parse_args()
    place = options.root / "tmp" if options.root != Path("/") else Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="nast-fx-smoke-", dir=place))
    app = options.app.absolute() if options.root == Path("/") else options.app
    box = Sandbox(app, options.root, folder, options.plugin)
    try:
        prepare(box)
        for step in (versions, modules, render, plugin_host, worker, service, window):
            began = time.monotonic()
            step(box)
            if not options.json:
                say(f"{step.__name__}: well, {time.monotonic() - began:.1f} s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    listed = "\n".join(f"{key}: {value}" for key, value in box.figures.items())
    say(json.dumps(box.figures) if options.json else listed)


def prepare(box: Sandbox) -> None:
    """Write a second of sound, make a home, and let the other user in."""
    (box.folder / "home").mkdir()
    with wave.open(str(box.folder / "song.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        tone = [
            round(12_000 * math.exp(-4 * (n % 11_025) / RATE) * math.sin(n * 0.0627)) for n in range(RATE)
        ]
        file.writeframes(b"".join(struct.pack("<hh", sample, sample) for sample in tone))
    if os.name == "posix" and os.geteuid() == 0:
        for path in (box.folder, *box.folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    whole = box.root / box.app.relative_to("/") if box.root != Path("/") else box.app
    files = [path for path in whole.rglob("*") if path.is_file() and not path.is_symlink()]
    box.figures["files"] = len(files)
    box.figures["megabytes"] = round(sum(path.stat().st_size for path in files) / 1e6)


def versions(box: Sandbox) -> None:
    """It starts, says its version, and finds nothing wrong with itself."""
    times = []
    for _ in range(5):
        began = time.monotonic()
        out = box.run("--version")
        times.append(time.monotonic() - began)
    check(out.startswith("nast-fx "), out)
    box.figures["first_start_seconds"] = round(times[0], 2)
    box.figures["start_seconds"] = round(min(times), 2)
    facts = json.loads(box.run("doctor", "--json"))
    check(facts["ok"] and facts["build"]["kind"] == "app", str(facts))
    box.figures["build"] = facts["build"]


def modules(box: Sandbox) -> None:
    """Every module of ours can be imported."""
    facts = json.loads(box.run("-m", "nast_fx.whole"))
    check(not facts["missing"] and facts["modules"] > 400, str(facts))
    refused = box.start("-m", "http.server")
    check(refused.wait(PATIENCE) != 0, "-m starts modules that are not ours")
    refused.communicate()


def render(box: Sandbox) -> None:
    """A second of sound is styled in a chain with a plugin, with a report, as FLAC."""
    if not (box.root / box.plugin.relative_to("/")).exists():
        say(f"no plugin at {box.plugin}: the chain has built-ins only")
        chain = CHAIN.replace('plugin = "{plugin}"\npath = "{path}"', 'plugin = "Compressor"')
    else:
        chain = CHAIN.format(plugin=box.plugin.name, path=box.plugin)
    (box.folder / "chain.toml").write_text(chain, encoding="utf-8")
    paths = [box.inside(box.folder / name) for name in ("song.wav", "chain.toml", "out.flac", "report.html")]
    content, rack, output, report = paths
    asked = ["--style", "bells", "--chain", rack, "--set", "max_iterations=3", "--report", report]
    began = time.monotonic()
    result = json.loads(
        box.run("render", content, *asked, "-o", output, "--json", "--quiet").splitlines()[-1]
    )
    box.figures["render_seconds"] = round(time.monotonic() - began, 1)
    check(result["type"] == "result" and result["frames"] == RATE, str(result))
    check((box.folder / "out.flac").read_bytes()[:4] == b"fLaC", "the result is no FLAC")
    check((box.folder / "report.html").stat().st_size > 10_000, "the report is empty")


def plugin_host(box: Sandbox) -> None:
    """A plugin's parameters are read by a host process of the app."""
    if (box.root / box.plugin.relative_to("/")).exists():
        facts = json.loads(box.run("plugins", "show", str(box.plugin), "--json"))
        check(bool(facts["parameters"]), str(facts))


def worker(box: Sandbox) -> None:
    """The worker speaks its protocol."""
    run = {"type": "run", "id": "a", "kind": "presets", "request": {"action": "list"}}
    process = box.start("worker", stdin=subprocess.PIPE)
    said = process.stdin
    assert said is not None
    for line in ({"type": "hello"}, run):
        said.write(json.dumps(line) + "\n")
        said.flush()
    assert process.stdout is not None
    while (message := json.loads(process.stdout.readline()))["type"] not in ("result", "error"):
        pass
    check(len(message.get("result", {}).get("presets", ())) > 5, str(message))
    process.communicate(timeout=PATIENCE)
    check(process.returncode == 0, "the worker does not end when its stdin closes")


def service(box: Sandbox) -> None:
    """The service starts a worker of the app, and ends when it is told to."""
    if not hasattr(socket, "AF_UNIX"):
        return
    path = box.folder / "home" / "s.sock"
    process = box.start("serve", "--socket", box.inside(path), "--json")
    assert process.stdout is not None
    check("ready" in process.stdout.readline(), "the service does not begin")
    if os.geteuid() != 0:  # as another user it would, rightly, not let us in
        with socket.socket(socket.AF_UNIX) as call:
            call.connect(str(path))
            call.sendall(b'{"type": "run", "id": "a", "kind": "wait", "request": {"seconds": 0}}\n')
            lines = call.makefile()
            while (message := json.loads(lines.readline()))["type"] == "progress":
                pass
            check(message["type"] == "result", str(message))
    os.killpg(process.pid, signal.SIGTERM)
    _out, err = process.communicate(timeout=PATIENCE)
    check(process.returncode == 0 and not err, f"the service ended with {process.returncode}: {err}")


def window(box: Sandbox) -> None:
    """The window opens and starts an engine, and both are gone after it."""
    if sys.platform != "linux":
        return
    began = time.monotonic()
    process = box.start("gui", box.inside(box.folder / "song.wav"))

    def engines() -> list[int]:
        return processes_of(process.pid, b"worker")

    check(wait_for(engines), "the window has started no engine")
    box.figures["window_seconds"] = round(time.monotonic() - began, 1)
    time.sleep(3)
    check(process.poll() is None, "the window has closed by itself")
    found = engines()
    windows = processes_of(process.pid, b"nast_fx_gui")
    check(bool(windows), "there is no window")
    for number in windows:
        os.kill(number, signal.SIGTERM)
    _out, err = process.communicate(timeout=PATIENCE)
    check(not any(sign in err for sign in SIGNS), err)
    are_gone = wait_for(lambda: not any(Path(f"/proc/{number}").exists() for number in found))
    check(are_gone, "engines are left behind")


def processes_of(ancestor: int, word: bytes) -> list[int]:
    """Find the descendants of a process whose command has a word."""
    parents, commands = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            commands[int(folder.name)] = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue

    def is_below(number: int) -> bool:
        return number == ancestor or (number in parents and is_below(parents[number]))

    return [number for number, command in commands.items() if word in command and is_below(number)]


def wait_for(what: Callable[[], object]) -> bool:
    """Wait until something is so, within reason."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return False


def tool(name: str) -> str:
    """Find a program of the system, which the app's empty PATH does not."""
    path = shutil.which(name)
    check(path is not None, f"{name} is not here")
    return str(path)


def check(is_well: bool, sentence: str) -> None:
    """End with a sentence if something is not well."""
    if not is_well:
        sys.exit(f"error: {sentence}")


def say(text: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
