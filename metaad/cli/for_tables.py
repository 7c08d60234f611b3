"""The commands for a table of the reader's own: fit, score, explain."""

from pathlib import Path
from typing import Annotated

import typer

from metaad.cli.base import app

Share = Annotated[
    float | None,
    typer.Option(
        "--rate",
        help="Share of normal rows that may raise an alert; 0.01 if nothing is said.",
    ),
]
PerDay = Annotated[
    float | None,
    typer.Option(
        help="Instead of --rate: how many false alarms you have time for in a day."
    ),
]
Rows = Annotated[
    float | None,
    typer.Option(
        "--rows-per-day", help="With --alerts-per-day: how many rows come in a day."
    ),
]


@app.command()
def fit(
    file: Annotated[
        Path, typer.Argument(help="Your table: .csv, .tsv, .parquet or .npz.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The model is written to this file.")
    ],
    label: Annotated[
        str | None,
        typer.Option(help="The column of labels, if there is one; cells may be empty."),
    ] = None,
    anomaly: Annotated[
        list[str],
        typer.Option(
            metavar="VALUE",
            help="The value in it that marks an anomaly, if that is not 1; may be "
            "repeated.",
        ),
    ] = [],  # noqa: B006
    detector: Annotated[
        str, typer.Option(help="auto, forest, knn, context or few-labels.")
    ] = "auto",
    rows: Annotated[
        str,
        typer.Option(
            "--rows", help="clean: all rows are normal; mixed: anomalies may be there."
        ),
    ] = "mixed",
    rate: Share = None,
    alerts_per_day: PerDay = None,
    rows_per_day: Rows = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Seed of the random numbers.")
    ] = 0,
):
    """Learn what is usual in a table, and say what was chosen and why.

    With labels of both kinds it learns from them; without, it looks for the odd rows."""
    from metaad.cli import tables

    asked = {"detector": detector, "rows": rows, "random_state": seed}
    asked["rate"] = tables.rate(rate, alerts_per_day, rows_per_day)
    with tables.as_commands_say():
        typer.echo("\n".join(tables.fit(file, output, asked, label, anomaly or None)))


Model = Annotated[Path, typer.Argument(help="What `metaad fit` wrote.")]
New = Annotated[Path, typer.Argument(help="A table with the same columns.")]


@app.command()
def score(
    model: Model,
    file: New,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A file instead of stdout.")
    ] = None,
    rate: Share = None,
    alerts_per_day: PerDay = None,
    rows_per_day: Rows = None,
):
    """Score the rows of a table of any length, as CSV.

    The columns are row (counted from 0), score (large: odd), p_value (small: odd), alert
    (1 or 0) and reason (of an alert). The rate is the model's own if none is given."""
    from metaad.cli import tables

    asked = tables.rate(rate, alerts_per_day, rows_per_day)
    with tables.as_commands_say():
        typer.echo(tables.score(model, file, output, asked), err=True)


@app.command()
def explain(
    model: Model,
    file: New,
    row: Annotated[int, typer.Option(min=0, help="Which row, counted from 0.")],
):
    """Say which columns make one row of a table unusual."""
    from metaad.cli import tables

    with tables.as_commands_say():
        typer.echo("\n".join(tables.explain(model, file, row)))


@app.command()
def serve(
    model: Model,
    host: Annotated[
        str, typer.Option(help="0.0.0.0 lets every machine ask, not this one alone.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes any that is free.")
    ] = 8000,
    card: Annotated[
        Path | None, typer.Option(help="The model's card, a .json file.")
    ] = None,
    alarm: Annotated[
        Path | None, typer.Option(help="The file of a drift alarm to be kept up.")
    ] = None,
    rate: Share = 0.01,
):
    """Answer requests for scores until you stop it: POST /score, GET /health, GET /card.

    metaad serve model --port 8000"""
    from metaad.practice import service

    files = {"card": card and str(card), "alarm": alarm and str(alarm)}
    service.serve(str(model), rate, host=host, port=port, **files)
