"""Tables of a lesson as Markdown."""


def markdown_table(header, rows):
    """Return a Markdown table: the first column to the left, all others to the right.

    header : list of str. rows : list of lists of str or number, each as long as the
    header.

    Raises
    ------
    ValueError
        if a row has another length than the header.
    """
    lines = [header, [":--", *["--:"] * (len(header) - 1)], *rows]
    for row in lines:
        if len(row) != len(header):
            raise ValueError(
                f"each row of a table needs {len(header)} cells, one for each of "
                f"{list(header)}; got {len(row)}: {list(row)}."
            )
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in lines)
