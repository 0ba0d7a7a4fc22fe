"""Calls whose truth is known: from a readable script to a recording and its labels.

`script` reads the YAML, `speech` speaks the turns, `timeline` places them and mixes the tracks, `music` and `line` make hold
music and a telephone line, `files` writes the formats, `build` ties them together. `spoken` and `conversations` write
labelled text without any sound.
"""
