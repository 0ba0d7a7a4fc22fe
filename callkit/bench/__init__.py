"""Measuring callkit, its settings and its peers on labelled recordings and texts.

`find` looks for recordings and their labels, `labels` reads them into a `Truth`, `systems` are what is measured, each in a
process of its own, `words`, `speakers`, `private` and `meaning` count what a system got right, and `figures` turns counts
into figures with intervals. Only counts leave the process that heard the call: no word, no name.
"""
