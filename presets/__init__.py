"""The program's own presets, one TOML file each; `nast_fx.presets` finds them."""
