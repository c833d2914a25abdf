"""Optimization: a canvas to draw on, solvers, and the one loop that runs them."""

from nast_fx.optimize.canvas import Canvas, FramesCanvas, Pinned, SpectrumCanvas, WaveformCanvas
from nast_fx.optimize.loop import Minimum, minimize
from nast_fx.optimize.solution import SEVERITY, Outcome, Solution
from nast_fx.optimize.solvers import SOLVERS, adam, lbfgs

__all__ = [
    "SEVERITY",
    "SOLVERS",
    "Canvas",
    "FramesCanvas",
    "Minimum",
    "Outcome",
    "Pinned",
    "Solution",
    "SpectrumCanvas",
    "WaveformCanvas",
    "adam",
    "lbfgs",
    "minimize",
]
