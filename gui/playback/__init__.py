"""Hearing: files that play together at one position, and comparisons that are fair."""
