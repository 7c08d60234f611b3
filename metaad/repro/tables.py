"""Tables of a lesson's own numbers, as Markdown."""


def markdown_table(header, rows, left=(0,)):
    """Write a table as Markdown.

    Parameters
    ----------
    header : list of str, one for each column.
    rows : list of lists as long as the header, of anything that str can write.
    left : numbers of the columns that are set to the left; the others, to the right.

    Returns
    -------
    str, for `repro.say`. Raises ValueError for a row of another length.
    """
    for row in rows:
        if len(row) != len(header):
            raise ValueError(
                f"every row needs {len(header)} cells, as the header has; got {row!r}."
            )
    rule = [":--" if i in left else "--:" for i in range(len(header))]
    return "\n".join(f"| {' | '.join(map(str, r))} |" for r in (header, rule, *rows))
