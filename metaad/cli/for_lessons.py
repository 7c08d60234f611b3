"""The commands for the course: run, sweep, report."""

from pathlib import Path
from typing import Annotated

import typer

from metaad.cli.base import app

Lesson = Annotated[
    str,
    typer.Argument(
        metavar="LESSON", help="Its number, as 02 or 10; or a notebook's path."
    ),
]
Profile = Annotated[
    str,
    typer.Option(
        help="quick: bundled data, a minute. full: all of the data, minutes to an hour."
    ),
]
Parameters = Annotated[
    list[str],
    typer.Option(
        "-p", "--parameter", metavar="NAME=VALUE", help="A parameter; may be repeated."
    ),
]


@app.command("run")
def lesson(
    lesson: Lesson,
    profile: Profile = "quick",
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
def sweep(
    lesson: Lesson,
    seeds: Annotated[
        str | None, typer.Option(help="7, or 0:10 for the seeds 0 to 9.")
    ] = None,
    profile: Profile = "quick",
    parameter: Annotated[
        list[str],
        typer.Option(
            "-p", "--parameter", metavar="NAME=VALUE,...", help="Values to combine."
        ),
    ] = [],  # noqa: B006
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A folder, a run in each part of it.")
    ] = Path("sweep"),
    jobs: Annotated[int, typer.Option(min=1, help="Runs at once.")] = 2,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler whose workers run.")
    ] = None,
):
    """Run a lesson at every combination of parameters; what is finished is skipped.

    metaad sweep 08 --seeds 0:10 -p shots=2,5,10

    Exit code 1 if a run failed; its notebook shows how far it came."""
    from metaad.cli import lessons, sweep
    from metaad.practice import sweep as sweeps

    path = lessons.find(lesson)
    choices = sweep.choices(parameter)
    if seeds is not None:
        choices["seed"] = sweep.seeds(seeds)
    choices = lessons.checked(path, choices, {"profile": profile})
    with sweep.client_at(cluster) as client:
        rows = sweeps.sweep(path, choices, output, {"profile": profile}, jobs, client)
    failed = [row for row in rows if row["state"] != "ok"]
    for row in failed:
        typer.echo(f"{row['state']}: {row['notebook']}: {row['message']}", err=True)
    typer.echo(
        f"{len(rows) - len(failed)} of {len(rows)} runs finished: {output / 'sweep.csv'}"
    )
    raise typer.Exit(1 if failed else 0)


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
