"""Figures, report and pictures of a render, and the match-EQ baseline."""

from nast_fx.evaluate.figures import Evaluation, Figures, evaluate, evaluate_texture
from nast_fx.evaluate.match_eq import match_eq
from nast_fx.evaluate.plots import save_spectrograms
from nast_fx.evaluate.report import write_report

__all__ = [
    "Evaluation",
    "Figures",
    "evaluate",
    "evaluate_texture",
    "match_eq",
    "save_spectrograms",
    "write_report",
]
