"""Claims: the sentences of a lesson that its own run can refute."""

import numpy as np


class ClaimError(AssertionError):
    """A sentence of a lesson is not borne out by the run."""


class Claims:
    """The sentences of a lesson that a run can refute. Each is checked by a number of
    the same run.

    `estimate` is a `metrics.Interval`, or a plain number where there is nothing to
    resample (an identity, a count). An interval must lie wholly on the claimed side: a
    claim that only the mean supports does not hold."""

    def __init__(self, run):
        self.run = run
        self.rows = []

    def above(self, sentence, estimate, bound):
        """The estimate, with its whole interval, is larger than `bound`."""
        _, low, high = parts = _parts(estimate)
        self._add(sentence, parts, f"> {bound:g}", low > bound)

    def below(self, sentence, estimate, bound):
        """The estimate, with its whole interval, is smaller than `bound`."""
        _, low, high = parts = _parts(estimate)
        self._add(sentence, parts, f"< {bound:g}", high < bound)

    def within(self, sentence, estimate, lower, upper):
        """The whole interval lies in [lower, upper]."""
        _, low, high = parts = _parts(estimate)
        self._add(
            sentence,
            parts,
            f"in [{lower:g}, {upper:g}]",
            lower <= low and high <= upper,
        )

    def undecided(self, sentence, estimate, bound=0.0):
        """The interval holds `bound`: the run can't tell the two sides apart."""
        _, low, high = parts = _parts(estimate)
        self._add(sentence, parts, f"holds {bound:g}", low <= bound <= high)

    def equal(self, sentence, a, b, tolerance=0.0):
        """Every entry of a and b agrees to `tolerance` (absolute)."""
        worst = float(
            np.max(
                np.abs(
                    np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
                )
            )
        )
        # shown instead of what is left: that is rounding, other on another CPU
        within = f"≤ {tolerance:.3g}"
        holds = worst <= tolerance
        self._add(
            sentence,
            (worst,) * 3,
            f"differ by {within}",
            holds,
            within if holds else None,
        )

    def _add(self, sentence, parts, wanted, holds, shown=None):
        """Keep a claim. shown : what the table gives as measured; by default value
        and interval, three digits each.
        """
        # so that noise decides no tie at the third digit
        value, low, high = (float(f"{p:.12g}") for p in parts)
        shown = shown or f"{value:z.3g}" + (
            f" [{low:z.3g}, {high:z.3g}]" if low != high else ""
        )
        row = {
            "claim": sentence,
            **dict(zip(("value", "low", "high"), parts, strict=True)),
        }
        self.rows.append(
            {**row, "shown": shown, "wanted": wanted, "holds": bool(holds)}
        )

    def table(self):
        """Show the claims, save them as JSON, and stop the lesson if one of them
        does not hold.
        """
        if not self.rows:
            raise ClaimError(
                "no claim was checked; a lesson that asserts something must check it."
            )
        suffix = "" if self.run.seed == 0 else f"-seed{self.run.seed}"
        self.run.record(f"{self.run.lesson}.claims{suffix}", claims=self.rows)
        lines = ["| claim | measured | wanted | holds |", "|:--|:--|:--|:--|"]
        for r in self.rows:
            lines.append(
                f"| {r['claim']} | {r['shown']} | {r['wanted']} | "
                f"{'yes' if r['holds'] else '**no**'} |"
            )
        say("\n".join(lines))
        failed = [r["claim"] for r in self.rows if not r["holds"]]
        if failed:
            raise ClaimError(
                f"{len(failed)} of {len(self.rows)} claims do not hold in this run: "
                + "; ".join(failed)
            )


def _parts(estimate):
    if hasattr(estimate, "low"):
        return float(estimate.value), float(estimate.low), float(estimate.high)
    return float(estimate), float(estimate), float(estimate)


def say(text):
    """Show Markdown made from the run's own numbers."""
    from IPython.display import Markdown, display

    display(Markdown(text))


def check(right, hint):
    """Answer an exercise at once: `right` is True when the reader's result is
    correct, `hint` says where to look.
    """
    print("Correct." if right else f"Not yet. {hint}")
