"""All commands, in the order in which help shows them. What they do stands in the other
modules of this room and is imported when a command runs, so that help costs no second.
"""

import typer

from metaad.cli import for_lessons, for_tables
from metaad.cli.base import app

__all__ = ["app", "for_lessons", "for_tables", "run"]


@app.command()
def doctor():
    """Say what is installed here, where data lies, and what to do."""
    from metaad.cli import doctor

    typer.echo("\n".join(doctor.report()))
    raise typer.Exit(1 if doctor.problems() else 0)


def run(argv):
    """Run one command, a list of str, and return its exit code."""
    try:
        app(args=argv, prog_name="metaad")
    except SystemExit as stop:
        return stop.code
    return 0
