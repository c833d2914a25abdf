"""Results as other programs take them: MIDI."""
