"""Tables in Markdown, so that a lesson's cell holds what is in a table, not how."""


def markdown_table(header, rows, *, numbers=()):
    """Return a table in Markdown: a text that `say` shows.

    header : sequence of str. rows : sequences as long as it, of whatever has a str.
    numbers : positions of the columns that are set flush right."""
    marks = ["--:" if i in numbers else ":--" for i in range(len(header))]
    if any(len(row) != len(header) for row in rows):
        raise ValueError(
            f"every row needs {len(header)} cells, one for each name in the header; "
            f"got {sorted({len(r) for r in rows})}."
        )
    cells = ["| " + " | ".join(map(str, row)) + " |" for row in (header, *rows)]
    return "\n".join([cells[0], "|" + "|".join(marks) + "|", *cells[1:]])


def number_table(header, rows):
    """Return a table in Markdown whose columns hold numbers, all but the first."""
    return markdown_table(header, rows, numbers=range(1, len(header)))
