"""The report of `metaad report` as one HTML page: no script, nothing from elsewhere."""

from html import escape

import metaad
from metaad.cli.findings import HEADER, state, summary, verdict
from metaad.repro.whole import whole

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem;
  padding: 0 1rem; color: #1a1a1a; background: #fff }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ccc;
  vertical-align: top }
.no { font-weight: bold; color: #a40000 }
"""


def write(path, found):
    """Write the report to an HTML file, whole or not at all. found : as
    `findings.read` returns it.
    """
    with whole(path) as file:
        file.write(html(found).encode())


def html(found):
    """Return the report as an HTML page: str."""
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width'>",
        f"<title>metaad: findings on this machine</title><style>{STYLE}</style>",
        f"<h1>Findings on this machine</h1><p>{escape(verdict(found))}</p>",
        f"<p>{escape(_machine(found))}</p>",
        _table(HEADER, [summary(lesson) for lesson in found]),
    ]
    for lesson in (f for f in found if f.quick):
        rows = [_row(lesson, row) for row in lesson.quick]
        header = ("finding", "here", "record", "wanted", "against the record")
        parts += [f"<h2>{escape(lesson.name)}</h2>", _table(header, rows)]
    return "\n".join([*parts, "</html>"])


def _row(lesson, row):
    was = lesson.recorded.get(row["claim"], "-")
    return row["claim"], row["shown"], was, row["wanted"], state(lesson, row)


def _machine(found):
    run = next((f.machine for f in found if f.machine), {})
    versions = ", ".join(f"{n} {v}" for n, v in run.get("versions", {}).items() if v)
    return f"metaad {metaad.__version__}; {run.get('cpu', 'no run')}; {versions}"


def _table(header, rows):
    head = "".join(f"<th scope='col'>{escape(h)}</th>" for h in header)
    body = ["".join(_cell(c) for c in row) for row in rows]
    inside = "".join(f"<tr>{row}</tr>" for row in body)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{inside}</tbody></table>"


def _cell(text):
    kind = " class='no'" if text in ("does not hold",) else ""
    return f"<td{kind}>{escape(str(text))}</td>"
