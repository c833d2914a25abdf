"""What the window shows, without widgets: the document and its undo, presets, renders, what is remembered."""
