"""`pytest --nbval` on the lessons compares figures with a small tolerance."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "tools"))

import nbval_figures  # noqa: F401
