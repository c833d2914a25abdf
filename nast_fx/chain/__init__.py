"""Chains of effects: built-in and hosted plugins, parallel branches and the style slot in one rack.

pedalboard cannot hold an effect that is written in Python, so the rack is ours and pedalboard does what
it is best at: its own plugins. Hosted plugins (VST3, Audio Unit) run in processes of their own, which may
crash or hang without taking the render down.
"""
