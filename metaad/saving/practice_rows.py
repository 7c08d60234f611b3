"""The rows of the table for a reader's own table: preparation, model, thresholds, alarm."""

from metaad.saving.fields import Array, Names, Number, Of, Scorer, Whole
from metaad.saving.row import Saved

FACTS = ("kinds", "quantiles", "counts", "missing", "source", "names")

PRACTICE = {
    "metaad.data.Preparation": Saved(),
    "metaad.practice.model.TableModel": Saved(
        {
            "preparation_": Of(("Preparation",)),
            "conformal_": Of(("Conformal",)),
            "name_": Of(("str",)),
            "why_": Of(("str",)),
            "rate_": Number(),
            "label_": Of(("str", "NoneType")),
            "n_rows_": Whole(1),
            "notes_": Of(("list",)),
            "facts_": Of(("Facts",)),
        }
    ),
    "metaad.practice.alarm.DriftAlarm": Saved(
        {
            "past_": Array("float64", ("n",)),
            "rows_": Whole(),
            "stakes_": Array("float64", (4,)),
            "capital_": Number(),
            "rang_at_": Whole(1, none=True),
        }
    ),
    "metaad.practice.conformal.Conformal": Saved(
        {"detector_": Scorer(), "calibration_": Array("float64", ("m",))}
    ),
    "metaad.practice.facts.Facts": Saved(
        {
            "columns_": Names(optional=False),
            "n_rows_": Whole(1),
            **{f"{part}_": Of(("list",)) for part in FACTS},
            "background_": Array("float64", ("b", "p")),
        }
    ),
}
