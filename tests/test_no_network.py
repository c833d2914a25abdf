"""Nothing calls the network without being asked: sockets are counted by a library below Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from batch_folder import environment, write_inputs

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void tell(const char *what, const char *more) {
    FILE *file = fopen(getenv("NETWORK_LOG"), "a");
    if (file) { fprintf(file, "%s %s\n", what, more ? more : ""); fclose(file); }
}

int socket(int family, int type, int protocol) {
    int (*real)(int, int, int) = dlsym(RTLD_NEXT, "socket");
    if (family == AF_UNIX || family == AF_NETLINK) return real(family, type, protocol);
    tell("socket", NULL);
    errno = EACCES;
    return -1;
}

int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints, struct addrinfo **found) {
    tell("getaddrinfo", name);
    return EAI_FAIL;
}

struct hostent *gethostbyname(const char *name) {
    tell("gethostbyname", name);
    return NULL;
}
"""
WINDOW = """
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication
import sys
from nast_fx_gui import app
show = QApplication.exec
QApplication.exec = lambda self: QTimer.singleShot(3000, self.quit) or show()
sys.exit(app.main([]))
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that logs every network call of a process and of its children, and refuses it."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("g++")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    folder = tmp_path_factory.mktemp("shim")
    (folder / "shim.c").write_text(SHIM, encoding="utf-8")
    command = [compiler, "-x", "c", "-shared", "-fPIC", "-o", str(folder / "shim.so"), str(folder / "shim.c")]
    subprocess.run([*command, "-ldl"], check=True)
    return folder / "shim.so"


def calls(shim: Path, folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """Run Python behind the shim: exit code, and the network calls of it and its children."""
    log = folder / "network.log"
    own = {"LD_PRELOAD": str(shim), "NETWORK_LOG": str(log), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(folder) | own,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, log.read_text().splitlines() if log.exists() else []


def test_a_call_is_seen(shim: Path, tmp_path: Path) -> None:
    code = "import socket, subprocess, sys\nassert not socket.socket(socket.AF_UNIX).close()\n"
    child = "import socket\ntry: socket.create_connection(('localhost', 9))\nexcept OSError: pass\n"
    code += f"subprocess.run([sys.executable, '-c', {child!r}], check=True)\n"
    code += "try: socket.socket()\nexcept OSError: pass"
    assert calls(shim, tmp_path, "-W", "ignore", "-c", code) == (0, ["getaddrinfo localhost", "socket "])


@pytest.mark.parametrize("command", ["doctor", "render", "plugins", "worker"])
def test_the_program_calls_nobody(shim: Path, tmp_path: Path, command: str) -> None:
    content = write_inputs(tmp_path) / "0-a.flac"
    more = {
        "render": [str(content), "--style", str(tmp_path / "rain.wav"), "--set", "max_iterations=1"],
        "plugins": ["list"],
    }
    arguments = ["-m", "nast_fx", command, *more.get(command, [])]
    assert calls(shim, tmp_path, *arguments) == (0, [])


def test_the_window_calls_nobody(shim: Path, tmp_path: Path) -> None:
    pytest.importorskip("PyQt6.QtWidgets")
    assert calls(shim, tmp_path, "-c", WINDOW) == (0, [])


def test_the_doctor_names_the_build(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nast_fx", "doctor", "--json"]
    facts = json.loads(subprocess.check_output(command, env=os.environ | environment(tmp_path), text=True))
    assert facts["build"]["kind"] == "python"
    assert facts["build"]["torch"].split()[0] in ("CPU", "CUDA", "ROCm")
    assert facts["build"]["commit"]
    assert facts["nast_fx"]
