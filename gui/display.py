"""Can a window be opened here? ``python -m nast_fx_gui.display`` ends with 0 if so; else Qt says why."""

from PyQt6.QtGui import QGuiApplication

if __name__ == "__main__":
    QGuiApplication([])
