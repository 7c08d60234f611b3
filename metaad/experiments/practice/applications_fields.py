"""The fields of lesson 18: their tables, prices and budgets. Prices are assumptions."""

from typing import NamedTuple

from metaad.practice.budget import Currency


class Field(NamedTuple):
    """A field of use.

    question : what is asked in it. currency : its prices, assumed. share : of the rows
    that can be looked at. tables : real ones, or the name of a simulated one."""

    question: str
    currency: Currency
    share: float
    tables: tuple

    @property
    def simulated(self):
        """Whether its tables are made by `metaad.data.simulated`."""
        return self.tables[0].startswith("simulated:")


def _odd(*names):
    return tuple(f"oddbench:{n}" for n in names)


# Tables of OddBench are of the part "test", and were chosen by what their names, columns
# and labels speak of, before any score was computed.
FIELDS = {
    "network": Field(
        "which connections does an analyst open?",
        Currency("analyst hours", hit=6, alert=0.25, miss=14),
        0.01,
        (
            "adbench:http",
            "adbench:smtp",
            *_odd("internettraffic", "networkmetrics", "webtraffic"),
            *_odd("androidintentmalware"),
        ),
    ),
    "industry": Field(
        "which parts or machines are inspected?",
        Currency("hours of stoppage", hit=4, alert=0.5, miss=8),
        0.02,
        (
            "adbench:fault",
            "adbench:shuttle",
            *_odd("moldprocess", "qualitycontrol", "mechanicaltesting"),
            *_odd("conditioningunitperformance", "distillationprocess"),
            *_odd("fanaudiomonitoring", "watermeteranomaly"),
        ),
    ),
    "medicine": Field(
        "whose result is read a second time?",
        Currency("days of care", hit=2, alert=0.1, miss=5),
        0.05,
        (
            "adbench:thyroid",
            "adbench:cardio",
            "breast-cancer",
            *_odd("allpatientdata", "newbornreferral", "clinicalsurvival"),
            *_odd("covidtestingdata"),
        ),
    ),
    "finance": Field(
        "which cases does somebody read?",
        Currency("€", hit=120, alert=15, miss=180),
        0.02,
        (
            "adbench:campaign",
            *_odd("loanperformance", "financialportfolioanomalies", "billingstatus"),
            *_odd("transactionservice", "identityriskvalidation"),
            *_odd("processmininginvoice"),
        ),
    ),
    "city": Field(
        "where does an inspector go?",
        Currency("inspector hours", hit=10, alert=2, miss=20),
        0.02,
        _odd(
            *("codeviolations", "policeforcedisturbance", "restaurantviolation"),
            *("restaurantinspection", "facilityviolation", "facilitystatus"),
        ),
    ),
    "supply chain": Field(
        "which item does somebody call about?",
        Currency("€", hit=150, alert=20, miss=250),
        0.02,
        ("simulated:supply-chain",),
    ),
    "road traffic": Field(
        "which five minutes does an operator look at?",
        Currency("vehicle hours", hit=20, alert=2, miss=40),
        0.02,
        ("simulated:road-traffic",),
    ),
}
