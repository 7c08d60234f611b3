"""`pytest --nbval` on the lessons compares figures with a small tolerance, and shows no
slider beside them.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "tools"))

os.environ["METAAD_WIDGETS"] = "0"

import nbval_figures  # noqa: F401
