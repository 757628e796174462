"""A terminal of a given width, for the snapshots of what a command shows."""

from io import StringIO

from rich.console import Console


def console(columns: int, *, colour: bool) -> Console:
    """Writes into its own text; `colour`: the sixteen of any terminal, or none."""
    return Console(
        file=StringIO(),
        width=columns,
        force_terminal=True,
        highlight=False,
        markup=False,
        emoji=False,
        color_system="standard" if colour else None,
    )
