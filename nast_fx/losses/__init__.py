"""Losses: terms that hold their target, and the objective that adds them up."""

from nast_fx.losses.objective import Objective, balanced
from nast_fx.losses.terms import ContentTerm, EnvelopeTerm, GramTerm, SparsityTerm, Term, energy_envelope

__all__ = [
    "ContentTerm",
    "EnvelopeTerm",
    "GramTerm",
    "Objective",
    "SparsityTerm",
    "Term",
    "balanced",
    "energy_envelope",
]
