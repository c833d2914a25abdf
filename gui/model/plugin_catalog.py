"""Keeps the list of plugins: asks the engine what it knows, and has it scan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from nast_fx.errors import CancelledError, NastFxError
from nast_fx.progress import Progress

from ..translation import gettext as _
from .hosted import AsksEngine
from .plugins import PluginsModel, builtin_entries, entries_of

__all__ = ["PluginCatalog"]


class PluginCatalog(QObject):
    """The plugins of this computer.

    Parameters
    ----------
    engine : Engine
    parent : QObject, optional

    Attributes
    ----------
    model : PluginsModel
        Built-ins at once, plugins when the engine has answered.
    """

    scan_changed = pyqtSignal()
    """A scan began or ended."""
    changed = pyqtSignal()
    """Other plugins can be used than before."""
    reported = pyqtSignal(str, float)
    """What a scan is doing, and the share that is done."""
    said = pyqtSignal(str)
    """One sentence on how a scan ended."""
    failed = pyqtSignal(str)
    """The plugins are not known; one sentence says why."""

    def __init__(self, engine: AsksEngine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.model = PluginsModel(self)
        self._listing: Any = None
        self._scanning: Any = None

    @property
    def is_scanning(self) -> bool:
        """Whether a scan runs."""
        return self._scanning is not None

    def load(self) -> None:
        """Ask for what is known, without opening any plugin."""
        self._listing = self._engine.run("plugins", {"action": "list"})
        self._listing.finished.connect(self._show)
        self._listing.failed.connect(lambda error: self.failed.emit(str(error)))

    def scan(self, *, again: bool = False) -> None:
        """Look for new plugins; `again` opens also those that are known or failed."""
        if self.is_scanning:
            return
        request = {"action": "scan", **({"rescan": True} if again else {})}
        self._scanning = self._engine.run("plugins", request)
        self._scanning.progress.connect(self._report)
        self._scanning.finished.connect(self._scanned)
        self._scanning.failed.connect(self._scan_failed)
        self.scan_changed.emit()

    def set_denied(self, path: str, is_denied: bool) -> None:
        """Never open a plugin again, or let it be opened."""
        job = self._engine.run("plugins", {"action": "deny" if is_denied else "allow", "name": path})
        self._listing = job
        job.finished.connect(self._on_denied)
        job.failed.connect(lambda error: self.failed.emit(str(error)))

    def cancel(self) -> None:
        """Stop a scan; what it has found is kept."""
        if self._scanning is not None:
            self._scanning.cancel()

    def _on_denied(self, _facts: Mapping[str, Any]) -> None:
        self.load()
        self.changed.emit()

    def _report(self, progress: Progress) -> None:
        self.reported.emit(progress.note, progress.share)

    def _scanned(self, facts: Mapping[str, Any]) -> None:
        self._end_scan()
        self._show(facts)
        self.changed.emit()
        n_found, n_failed = len(facts["plugins"]), len(facts["failures"])
        self.said.emit(
            _("{found} plugins were found; {failed} failed.").format(found=n_found, failed=n_failed)
        )

    def _scan_failed(self, error: NastFxError) -> None:
        self._end_scan()
        if isinstance(error, CancelledError):
            self.said.emit(_("The scan was stopped; what it has found is kept."))
        else:
            self.failed.emit(str(error))
        self.load()

    def _end_scan(self) -> None:
        self._scanning = None
        self.scan_changed.emit()

    def _show(self, facts: Mapping[str, Any]) -> None:
        self.model.show_rows([*builtin_entries(), *entries_of(facts)])
