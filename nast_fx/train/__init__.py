"""How the shipped weights were made: notes from a soundfont, data sets, one training loop."""
