"""Results as other programs take them: MIDI."""

from nast_fx.export.tracked_midi import export_analysis, export_render

__all__ = ["export_analysis", "export_render"]
