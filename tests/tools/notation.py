"""Which symbols the formulas of a lesson use, and which the notation page explains.

python tests/tools/notation.py        symbols that notebooks/NOTATION.md lacks
"""

import re
import sys
from pathlib import Path

import editions

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "notebooks" / "NOTATION.md"
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$\n]+?)\$", re.S)
# words inside formulas, and commands that take a word
WORDS = re.compile(
    r"\\(?:text|textrm|mathrm|operatorname|texttt|tag|begin|end|mathcal|label)\*?\s*\{[^{}]*\}"
)
GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta kappa lambda mu nu "
    "xi pi rho sigma tau phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi "
    "Psi Omega ell"
)
SYMBOL = re.compile(
    rf"\\({'|'.join(GREEK.split())})(?![A-Za-z])|\\[A-Za-z]+|([A-Za-z])"
)


def symbols(text):
    """Return the letters of the formulas in a Markdown text: set of str, Greek ones by
    their names.
    """
    found = set()
    for block, line in FORMULA.findall(re.sub(r"`[^`]*`", "", text)):
        formula = WORDS.sub(" ", block or line)
        for greek, letter in SYMBOL.findall(formula):
            found |= {greek or letter} - {""}
    return found


def used(path):
    """Return the symbols of a lesson: set of str."""
    cells = editions.read(path)["cells"]
    texts = (editions.source(c) for c in cells if c["cell_type"] == "markdown")
    return symbols("\n\n".join(texts))


def explained(text):
    """Return {"everywhere": set, "02": set, …}: the symbols in the first column of the
    tables of each part of the notation page.
    """
    found = {}
    for part in re.split(r"(?m)^## ", text)[1:]:
        number = re.match(r"\d\d", part)
        rows = re.findall(r"(?m)^\| ([^|]*(?:\\\|[^|]*)*) \|", part)
        name = number[0] if number else "everywhere"
        found[name] = set().union(*map(symbols, rows)) if rows else set()
    return found


def missing():
    """Return {lesson: symbols that the page does not explain}, without empty ones."""
    known = explained(PAGE.read_text(encoding="utf-8"))
    found = {}
    for path in editions.lesson_paths():
        left = used(path) - known["everywhere"] - known.get(path.name[:2], set())
        if left:
            found[path.name[:2]] = sorted(left)
    return found


if __name__ == "__main__":
    for lesson, left in missing().items():
        print(lesson, " ".join(left))
    sys.exit(1 if missing() else 0)
