"""Sounds of the project's own, demonstration, benchmark and reproductions of the papers."""
