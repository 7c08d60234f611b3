"""The commands, their options and their help; what they do stands in the other modules
of this room and is imported when a command runs, so that help costs no second.
"""

import importlib
from importlib.util import find_spec
from pathlib import Path
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


class Commands(TyperGroup):
    """Every error as one sentence on stderr; with --debug, which may stand anywhere,
    as a traceback."""

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


def run(argv):
    """Run one command, a list of str, and return its exit code."""
    try:
        app(args=argv, prog_name="metaad")
    except SystemExit as stop:
        return stop.code
    return 0


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


@app.command()
def doctor():
    """Say what is installed here, where data lies, and what to do."""
    from metaad.cli import doctor

    typer.echo("\n".join(doctor.report()))
    raise typer.Exit(1 if doctor.problems() else 0)


Parameters = Annotated[
    list[str],
    typer.Option(
        "-p", "--parameter", metavar="NAME=VALUE", help="A parameter; may be repeated."
    ),
]


@app.command("run")
def lesson(
    lesson: Annotated[
        str,
        typer.Argument(
            metavar="LESSON", help="Its number, as 02 or 10; or a notebook's path."
        ),
    ],
    profile: Annotated[
        str,
        typer.Option(
            help="quick: bundled data, a minute. full: all of the data, minutes to an hour."
        ),
    ] = "quick",
    parameter: Parameters = [],  # noqa: B006
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The executed notebook.")
    ] = None,
):
    """Run a lesson with your own parameters or data, with papermill.

    metaad run 10 --profile full -p data=my.csv -p label=is_fraud

    `metaad run 10 -p help` lists the parameters of a lesson."""
    from metaad.cli import lessons

    path = lessons.find(lesson)
    if parameter == ["help"]:
        typer.echo(lessons.listed(path))
        return
    values = lessons.values(path, [f"profile={profile}", *parameter])
    typer.echo(lessons.execute(path, values, output))


@app.command()
def report(
    lesson: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LESSON]...", help="Numbers of lessons; all if none."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write one HTML page here as well.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Show every finding, not only what differs.")
    ] = False,
):
    """Hold what the lessons found on this machine against the record.

    Exit code 1 if a finding does not hold here."""
    from metaad.cli import findings, page

    found = findings.read(lesson or ())
    if html:
        page.write(html, found)
    typer.echo("\n".join(findings.lines(found, every)))
    raise typer.Exit(1 if findings.broken(found) else 0)


if find_spec("metaad.cli.sweep"):
    importlib.import_module("metaad.cli.sweep").add(app)
