"""The desktop app: a window over the engine, which runs in a process of its own.

Nothing here loads torch or pedalboard. Of `nast_fx` only `models`, `errors`, `progress`, `plain` and
`version` are imported; all else is asked of the engine.
"""
