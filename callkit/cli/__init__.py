"""The command line: parse, call one function of `callkit.app`, format. One file a group of commands.

Modules here import click and nothing heavier at the top: `callkit --help` answers at once. What a command needs is
imported inside it.
"""
