"""Play on the system's own device by a list of what to do when; run by the tests of sound in a process."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QTimer

from nast_fx_gui.playback.comparison import Comparison
from nast_fx_gui.playback.player import Player


def main() -> None:
    """Do ``{"files": {role: path}, "steps": [[seconds, "player.play", arguments]]}``; write what was told."""
    script = json.loads(Path(sys.argv[1]).read_text())
    app = QCoreApplication([])
    player = Player()
    comparison = Comparison(player, toss=lambda: False)
    objects = {"player": player, "comparison": comparison}
    begin = time.monotonic()
    facts: dict[str, list] = {"faults": [], "states": [], "positions": []}
    player.failed.connect(facts["faults"].append)
    player.state_changed.connect(facts["states"].append)
    player.position_changed.connect(
        lambda seconds: facts["positions"].append((time.monotonic() - begin, seconds))
    )
    for role, path in script["files"].items():
        comparison.set_file(role, Path(path))

    def do(name: str, arguments: list) -> None:
        owner, _, call = name.partition(".")
        getattr(objects[owner], call)(*arguments)

    for seconds, name, arguments in script["steps"]:
        QTimer.singleShot(round(1000 * seconds), lambda n=name, a=arguments: do(n, a))
    QTimer.singleShot(round(1000 * script["seconds"]), app.quit)
    app.exec()
    player.close()
    Path(sys.argv[2]).write_text(json.dumps(facts))


main()
