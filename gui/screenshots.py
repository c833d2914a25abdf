"""Pictures of every view: ``python -m nast_fx_gui.screenshots FOLDER [LANGUAGE]``.

The window is the real one, with real engines and the sounds that the program makes itself; it is drawn
without a screen, at 1x and 2x, light and dark. What the user has saved is neither read nor written.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import soundfile
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import QApplication, QWidget

from nast_fx.errors import NastFxError, UsageError
from nast_fx.models import ChainSpec, SlotSpec, StyleReference

from .app import make_window
from .model.remembered import Remembered
from .theme import Theme

__all__ = ["main"]

LOOKS = ("light", "dark")
SCALES = (1, 2)
SIZE = (1280, 720)  # pixels of the window
MOST_SECONDS = 240.0  # that one step may take
SETTLE_SECONDS = 0.4  # for what follows by itself, such as a name that is asked for
N_LOSSES = 60  # points of the loss curve ahead of its picture
OWN = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")  # folders of a user
LOOPS = ("intro", "verse", "chorus", "bridge", "outro")

CHAIN = (
    SlotSpec(plugin="HighpassFilter", parameters={"cutoff_frequency_hz": 60.0}),
    SlotSpec(plugin="Compressor", parameters={"threshold_db": -24.0, "ratio": 3.0}),
    SlotSpec(plugin="style"),
    SlotSpec(plugin="Chorus", mix=0.4, bypass=True),
    SlotSpec(plugin="Reverb", mix=0.3, parameters={"room_size": 0.8}),
)


class Camera:
    """Takes a window's pictures.

    Parameters
    ----------
    app : QApplication
    folder : Path
        Where they go.
    scratch : Path
        For sounds and settings.
    language : str
    """

    def __init__(self, app: QApplication, folder: Path, scratch: Path, language: str) -> None:
        remembered = Remembered(scratch / "settings.ini")
        remembered.set_text("language", language)
        remembered.set_text("example-folder", str(scratch))
        self._app, self._folder, self._scratch = app, folder, scratch
        self._theme = Theme(app)
        self._window = make_window(app, remembered, self._theme)
        self._window.resize(*SIZE)
        self._window.show()
        self._window.render_view.listening.transport.device_label.setMaximumHeight(0)  # there is none here

    def take_all(self) -> None:
        """Take all pictures, in the order in which a person sees them."""
        for take in (self._empty, self._render, self._rendering, self._dialogs, self._chain, self._batch):
            take()
        self._window.session.rendering.cancel()
        self._window.close()

    def _empty(self) -> None:
        session = self._window.session
        self._until(lambda: session.presets.rows and session.styles.rows)
        self._take("empty")

    def _render(self) -> None:
        window, view = self._window, self._window.render_view
        pictures = view.listening.pictures
        window.open_example()
        self._until(lambda: all(pictures[role].words.text() for role in ("content", "style")))
        window.session.document.set_selection((2.0, 6.0))
        view.make_preview()
        self._until(lambda: view.listening.comparison.is_known)
        self._until(lambda: pictures["result"].words.text())
        view.listening.player.seek(3.0)
        self._take("render")
        view.listening.show_spectrograms(True)
        self._take("spectrograms")
        view.listening.show_spectrograms(False)
        document = window.session.document
        document.set_styles([*document.state.preset.styles, StyleReference(path=Path("rain"), weight=0.5)])
        self._take("styles")
        document.undo_stack.undo()

    def _rendering(self) -> None:
        view = self._window.render_view
        view.make_result()
        self._until(lambda: max(map(len, view.progress.curve.points.values()), default=0) >= N_LOSSES)
        self._take("rendering")
        self._window.session.rendering.cancel()
        self._until(lambda: not self._window.session.rendering.is_busy)

    def _dialogs(self) -> None:
        """Take those that are ours."""
        window = self._window
        window.menus.show_shortcuts()
        self._take_dialog("shortcuts")
        window.render_view.preset_actions.open_words()
        self._take_dialog("preset")
        window.show_fault(NastFxError("the engine was ended (signal 9); what it was making is not there"))
        self._take_dialog("fault")

    def _chain(self) -> None:
        window = self._window
        window.session.document.set_chain(ChainSpec(slots=CHAIN))
        window.tabs.setCurrentWidget(window.chain_view)
        window.chain_view.list.choose((1,))
        self._take("chain")

    def _batch(self) -> None:
        window, view = self._window, self._window.batch_view
        window.session.document.set_chain(ChainSpec())
        window.session.document.set_plan(quality="draft")
        window.tabs.setCurrentWidget(view)
        self._take("batch-empty")
        view.batch.change("", n_jobs=1)
        view.batch.add([self._loops()])
        self._until(lambda: view.controls.start.isEnabled())
        view.controls.start.click()
        wanted = {"done", "failed", "running"}
        self._until(lambda: wanted <= {row.state for row in view.queue.rows})
        self._until(lambda: any(row.state == "running" and row.share > 0.3 for row in view.queue.rows))
        self._take("batch")
        view.runner.cancel()
        self._until(lambda: not view.is_busy)
        self._take("batch-ended")

    def _loops(self) -> Path:
        """Cut the example's song into loops; one of them is none."""
        folder = self._scratch / "loops"
        folder.mkdir()
        samples, rate = soundfile.read(self._scratch / "example" / "song.wav")
        length = len(samples) // len(LOOPS)
        for number, name in enumerate(LOOPS):
            soundfile.write(folder / f"{name}.wav", samples[number * length : (number + 1) * length], rate)
        (folder / "broken.wav").write_bytes(b"RIFF")
        return folder

    def _take_dialog(self, name: str) -> None:
        self._take(name, self._app.activeModalWidget())
        while (dialog := self._app.activeModalWidget()) is not None:
            dialog.close()

    def _take(self, name: str, widget: QWidget | None = None) -> None:
        self._settle()
        for look in LOOKS:
            self._theme.use(look)
            self._app.processEvents()
            picture: QPixmap = (widget or self._window).grab()
            path = self._folder / f"{name}-{look}-{picture.devicePixelRatio():g}x.png"
            if not picture.save(str(path)):
                raise NastFxError(f"{path} cannot be written")

    def _settle(self) -> None:
        end = time.monotonic() + SETTLE_SECONDS
        self._until(lambda: time.monotonic() > end)

    def _until(self, is_so: Callable[[], object]) -> None:
        end = time.monotonic() + MOST_SECONDS
        while not is_so():
            if time.monotonic() > end:
                raise NastFxError(f"the window did not get so far within {MOST_SECONDS:g} s")
            self._app.processEvents()
            time.sleep(0.01)


def main(argv: Sequence[str] | None = None) -> int:
    """Take the pictures, each scale in a process of its own: Qt knows one at a time.

    Parameters
    ----------
    argv : sequence of str, optional
        Folder, and a language such as ``de``; English by default.

    Returns
    -------
    int
        Exit code: 0 if all were taken.

    Raises
    ------
    UsageError
        No folder was named.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    if not args:
        raise UsageError("name a folder: python -m nast_fx_gui.screenshots FOLDER")
    folder, language = Path(args[0]).absolute(), (args[1:] or ["en"])[0]
    folder.mkdir(parents=True, exist_ok=True)
    for scale in SCALES:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            own = {name: str(Path(scratch, name)) for name in OWN}
            shown = {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
            call = f"from {__package__}.screenshots import take; import sys; take(*sys.argv[1:])"
            command = [sys.executable, "-c", call, str(folder), scratch, language]
            subprocess.run(command, env=os.environ | own | shown, check=True)
    return 0


def take(folder: str, scratch: str, language: str) -> None:
    """Take the pictures of the scale that the environment names."""
    app = QApplication([sys.argv[0]])
    Camera(app, Path(folder), Path(scratch), language).take_all()


if __name__ == "__main__":
    sys.exit(main())
