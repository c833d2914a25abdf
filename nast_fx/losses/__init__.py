"""Losses: terms that hold their target, and the objective that adds them up."""

from nast_fx.losses.objective import Objective, gradient_norms
from nast_fx.losses.terms import (
    ContentTerm,
    EnvelopeTerm,
    GoalTerm,
    GramTerm,
    SparsityTerm,
    Term,
    energy_envelope,
    spec_energy,
)

__all__ = [
    "ContentTerm",
    "EnvelopeTerm",
    "GoalTerm",
    "GramTerm",
    "Objective",
    "SparsityTerm",
    "Term",
    "energy_envelope",
    "gradient_norms",
    "spec_energy",
]
