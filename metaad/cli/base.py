"""The door of the command line: the app that commands join, and errors as sentences."""

from typing import Annotated

import typer
from typer.core import TyperGroup

from metaad.cli.told import told

START = """\
metaad {version}: which rows of a table are unlike the others?

  metaad fit my.csv -o model                 learn what is usual; says what it chose and why
  metaad score model new.csv > scores.csv    a score, a p-value and an alert for each row, and why
  metaad explain model new.csv --row 17      which columns make one row unusual
  metaad run 02 -p seed=1                    run a lesson of the course again
  metaad doctor                              what is installed, where data lies, what to do

`metaad --help` lists every command, `metaad fit --help` all that one of them takes.\
"""


# in which help shows the commands: the commonest first
ORDER = ("fit", "score", "explain", "serve", "run", "sweep", "report", "doctor")


class Commands(TyperGroup):
    """Every error as one sentence on stderr; with --debug, which may stand anywhere,
    as a traceback."""

    def list_commands(self, ctx):
        return sorted(super().list_commands(ctx), key=ORDER.index)

    def parse_args(self, ctx, args):
        if "--debug" in args:
            ctx.obj = "debug"
            args = [a for a in args if a != "--debug"]
        return super().parse_args(ctx, args)

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, typer.Abort):  # a reader like `head` has enough
            raise
        except Exception as error:
            if ctx.obj == "debug" or hasattr(error, "exit_code"):
                raise
            said, code = told(error)
            typer.echo(f"metaad: {said}", err=True)
            raise typer.Exit(code) from None


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked):
    if asked:
        import metaad

        typer.echo(metaad.__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show it."),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show where an error comes from, not one line."),
    ] = False,
):
    """Find the rows of a table that are unlike the others, and run the course's lessons.

    Results go to stdout, progress and what went wrong to stderr. Exit codes: 0 done; 2 a
    command, a file or a value that can't be used; 1 everything else."""
    if ctx.invoked_subcommand is None:
        import metaad

        typer.echo(START.format(version=metaad.__version__))
