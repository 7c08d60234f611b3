"""Claims: the sentences of a lesson that its own run can refute."""

import numpy as np

from metaad.metrics import FEW

NOT_JUDGED = "not judged"


class ClaimError(AssertionError):
    """A sentence of a lesson is not borne out by the run."""

    def _render_traceback_(self):
        """Show the sentence alone in a notebook."""
        return [f"ClaimError: {self}"]


class Claims:
    """The sentences of a lesson that a run can refute. Each is checked by a number of
    the same run.

    `estimate` is a `metrics.Interval`, or a plain number where there is nothing to
    resample (an identity, a count). An interval must lie wholly on the claimed side: a
    claim that only the mean supports does not hold. Where several rivals were compared,
    take the interval from `metrics.simultaneous` or `metrics.compare`.

    On other parameters than the lesson's own (seed, device and profile apart) the table
    shows the numbers, and the claims are not judged."""

    def __init__(self, run):
        self.run = run
        self.rows = []

    def above(self, sentence, estimate, bound):
        """Claim that the estimate, with its whole interval, is larger than `bound`."""
        low = _parts(estimate)[1]
        self._add(sentence, estimate, f"> {bound:g}", low > bound)

    def below(self, sentence, estimate, bound):
        """Claim that the estimate, with its whole interval, is smaller than `bound`."""
        high = _parts(estimate)[2]
        self._add(sentence, estimate, f"< {bound:g}", high < bound)

    def within(self, sentence, estimate, lower, upper):
        """Claim that the whole interval lies in [lower, upper]."""
        _, low, high = _parts(estimate)
        holds = lower <= low and high <= upper
        self._add(sentence, estimate, f"in [{lower:g}, {upper:g}]", holds)

    def equivalent(self, sentence, estimate, margin):
        """Claim that there is no difference that matters: the whole 90 % interval of a
        difference lies within ±margin, which is two one-sided tests at 5 % (see
        intervals.py [4]).

        An interval read from a record has no 90 % one; its 95 % one, which asks for
        more, is taken. Choose the margin before you look: what a reader would notice.
        """
        if not hasattr(estimate, "low") or not margin > 0:
            raise ValueError(
                f"equivalent needs an Interval and a margin above 0; got "
                f"{estimate!r} and {margin!r}. Take metrics.paired(a, b) and, say, 0.01."
            )
        inner = getattr(estimate, "inner", None)
        low, high = inner or (estimate.low, estimate.high)
        shown = _shown(estimate.value, low, high) + (" (90 %)" if inner else "")
        holds = -margin < low and high < margin
        self._add(sentence, estimate, f"within ±{margin:g}", holds, shown)

    def undecided(self, sentence, estimate, bound=0.0):
        """Claim that the interval holds `bound`: the run can't tell the two sides
        apart. That is no support for "no difference", which `equivalent` is for.
        """
        _, low, high = _parts(estimate)
        holds = low <= bound <= high
        wanted = f"holds {bound:g}"
        self._add(sentence, estimate, wanted, holds, verdict="undecided")

    def equal(self, sentence, a, b, tolerance=0.0):
        """Claim that every entry of a and b agrees to `tolerance` (absolute)."""
        a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
        worst = float(np.max(np.abs(a - b)))
        # shown instead of what is left: that is rounding, other on another CPU
        within = f"≤ {tolerance:.3g}"
        holds = worst <= tolerance
        shown = within if holds else None
        self._add(sentence, worst, f"differ by {within}", holds, shown)

    def _add(self, sentence, estimate, wanted, holds, shown=None, verdict="yes"):
        """Keep a claim. shown : what the table gives as measured; by default value
        and interval, three digits each. verdict : the word for a claim that holds.
        """
        parts = _parts(estimate)
        row = {"claim": sentence}
        row |= dict(zip(("value", "low", "high"), parts, strict=True))
        row |= {"n": getattr(estimate, "n", None), "shown": shown or _shown(*parts)}
        row |= {"wanted": wanted, "holds": bool(holds)}
        self.rows.append(row | {"verdict": self._verdict(holds, verdict)})

    def _verdict(self, holds, word):
        if not self.run.judged:
            return NOT_JUDGED
        return word if holds else "**no**"

    def table(self):
        """Show the claims, save them as JSON, and stop the lesson if one of them
        does not hold.
        """
        if not self.rows:
            raise ClaimError(
                "no claim was checked; a lesson that asserts something must check it."
            )
        say("\n".join(self._lines()))
        suffix = "" if self.run.seed == 0 else f"-seed{self.run.seed}"
        suffix += "" if self.run.judged else "-not-judged"
        self.run.record(f"{self.run.lesson}.claims{suffix}", claims=self.rows)
        failed = [r["claim"] for r in self.rows if not r["holds"]]
        if failed and self.run.judged:
            raise ClaimError(
                f"{len(failed)} of {len(self.rows)} claims do not hold in this run: "
                + "; ".join(failed)
            )

    def _lines(self):
        """The table as lines of Markdown, and under it what a reader should know."""
        lines = ["| claim | measured | wanted | holds |", "|:--|:--|:--|:--|"]
        for row in self.rows:
            cells = row["claim"], row["shown"], row["wanted"], row["verdict"]
            lines.append("| " + " | ".join(cells) + " |")
        few = sorted({r["n"] for r in self.rows if r["n"] and r["n"] < FEW})
        if few:
            lines += ["", _note(few)]
        if not self.run.judged:
            lines += ["", "Not judged: the claims were written for other parameters."]
        return lines


def _note(few):
    units = ", ".join(map(str, few))
    return (
        f"Intervals over {units} units: with fewer than {FEW} a 95 % interval holds "
        f"the truth a little less often than it says where values are skewed."
    )


def _shown(value, low, high):
    # so that noise decides no tie at the third digit
    value, low, high = (float(f"{p:.12g}") for p in (value, low, high))
    return f"{value:z.3g}" + (f" [{low:z.3g}, {high:z.3g}]" if low != high else "")


def _parts(estimate):
    if hasattr(estimate, "low"):
        return float(estimate.value), float(estimate.low), float(estimate.high)
    return float(estimate), float(estimate), float(estimate)


def say(text):
    """Show Markdown made from the run's own numbers."""
    from IPython.display import Markdown, display

    display(Markdown(text))
