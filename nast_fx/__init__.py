"""nast-fx: neural audio style transfer as an offline render effect."""

__version__ = "0.1.0"
