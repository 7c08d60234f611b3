"""A warehouse, simulated: what is asked for, sold, ordered, late, and what disappears.

Every number here is assumed, none was measured. A row of the table is one item on one
day.

1.  An item has a mean demand of 20 to 200 pieces a day, drawn once. Demand is Poisson,
    and the week has a rhythm (`WEEK`). What can't be delivered is lost.
2.  A day: deliveries come in, customers buy, things are stolen, the shelf is counted, an
    order is sent.
3.  Orders: where stock by the book and what is on order fall below `lead + 4` days of
    demand, `8` days of demand are ordered. The usual lead time is 3 to 6 days, drawn
    once for each item; a delivery is a day early or late with probability 0.15 each.
4.  Counting: the shelf is counted every night with an error of a rounded normal number,
    standard deviation 2 % of the mean demand. The book takes over the count.
5.  Anomalies, each with a probability of its own:
    "late supplier", an order in 30 takes 4 to 9 days longer. Anomalous are the days on
    which it is later than ever usual.
    "double order", an order in 30 is sent twice. Anomalous is the day it is sent.
    "quiet theft" begins on a day in 700 of an item and lasts 8 to 15 days; each day
    pieces disappear, Poisson with mean 12 % of the mean demand, while there are any.
    Anomalous are the days on which some do.

Columns are in days of the item's mean demand, so that items of all sizes compare.
"""

from dataclasses import dataclass

import numpy as np

from metaad.data.simulated import as_record, at_least_one

NAME = "simulated:supply-chain"
KINDS = ("", "late supplier", "double order", "quiet theft")
WEEK = np.array([1.0, 0.9, 0.95, 1.05, 1.25, 1.35, 0.5])  # Monday first; mean 1
SAFETY, ORDER = 4, 8  # days of demand: reserve, and size of an order
LATE, DOUBLE, THEFT = 1 / 30, 1 / 30, 1 / 700
STOLEN, MISCOUNT = 0.12, 0.02  # of the mean demand
WARM_UP = 28  # days that are simulated first and left out
COLUMNS = (
    "demand",
    "unmet demand",
    "ordered",
    "received",
    "stock",
    "on order",
    "age of oldest order",
    "count difference",
)


@dataclass(frozen=True, eq=False)
class Warehouse:
    """What happened, in pieces: every array (days, items), int64.

    demand, sold, received, ordered, stolen : of the day. stock : on the shelf at the
    end of it. opening : stock of each item before the first day, (items,). on_order : at
    the end of the day. oldest : days since the oldest open order was sent, 0 if there is
    none. difference : counted minus booked. miscount : error of the night's count.
    kind : 0, or the anomaly's place in KINDS. event : 0, or the number of the order or
    theft. mean : mean demand, (items,)."""

    demand: np.ndarray
    sold: np.ndarray
    received: np.ndarray
    ordered: np.ndarray
    stolen: np.ndarray
    stock: np.ndarray
    opening: np.ndarray
    on_order: np.ndarray
    oldest: np.ndarray
    difference: np.ndarray
    miscount: np.ndarray
    kind: np.ndarray
    event: np.ndarray
    mean: np.ndarray
    seed: int

    def table(self):
        """Return the `Table`: rows (days · items, 8), day by day."""
        of_day = [self.demand, self.demand - self.sold, self.ordered, self.received]
        at_end = [self.stock + self.miscount, self.on_order]
        by_mean = [a / self.mean for a in (*of_day, *at_end)]
        parts = [*by_mean, self.oldest, self.difference / self.mean]
        X = np.stack(parts, axis=-1).reshape(-1, len(COLUMNS)).astype(np.float64)
        y = (self.kind > 0).astype(np.int64).ravel()
        marks = "days of a late supplier, a double order or a quiet theft"
        return as_record(X, y, NAME, COLUMNS, marks, self.seed)

    @property
    def days(self):
        """The day of each row of the table: int array (days · items,)."""
        return np.repeat(np.arange(len(self.kind)), self.kind.shape[1])


def simulate(days=182, items=20, seed=0, anomalies=True):
    """Simulate a warehouse, see the module's text, and return a `Warehouse`.

    days, items : int ≥ 1. seed : int. anomalies : False for a world without any."""
    at_least_one(days=days, items=items)
    made, next_event = [], 1
    for item in range(items):
        rng = np.random.default_rng([seed, item])
        shelf = _Shelf(rng, WARM_UP + days, anomalies, next_event)
        made.append(shelf.run())
        next_event = shelf.next_event
    whole = {n: np.stack([m[n] for m in made], axis=1) for n in made[0] if n != "mean"}
    opening = whole["stock"][WARM_UP - 1]
    kept = {n: a[WARM_UP:] for n, a in whole.items()}
    mean = np.array([m["mean"] for m in made])
    return Warehouse(**kept, opening=opening, mean=mean, seed=seed)


class _Shelf:
    """One item, day by day."""

    def __init__(self, rng, days, anomalies, next_event):
        self.rng, self.days, self.anomalies = rng, days, anomalies
        self.next_event = next_event
        self.mean = float(np.exp(rng.uniform(np.log(20), np.log(200))))
        self.lead = int(rng.integers(3, 7))
        self.open = []  # orders: (day sent, day due, pieces, event if it is late)

    def run(self):
        rng, mean = self.rng, self.mean
        names = "demand sold received ordered stolen stock on_order oldest"
        names += " difference miscount kind event"
        log = {n: np.zeros(self.days, dtype=np.int64) for n in names.split()}
        stock = booked = int(mean * (self.lead + SAFETY))
        thief, theft = 0, 0  # days left, number of the theft
        for t in range(self.days):
            received = sum(o[2] for o in self.open if o[1] == t)
            self.open = [o for o in self.open if o[1] > t]
            demand = int(rng.poisson(mean * WEEK[t % 7]))
            sold = min(demand, stock + received)
            if not thief and self._happens(THEFT):
                thief, theft = int(rng.integers(8, 16)), self._event()
            left = stock + received - sold
            stolen = min(int(rng.poisson(STOLEN * mean)), left) if thief else 0
            thief = max(0, thief - 1)
            stock = left - stolen
            miscount = max(-stock, int(round(rng.normal(0, MISCOUNT * mean))))
            difference = stock + miscount - (booked + received - sold)
            booked = stock + miscount
            ordered, doubled = self._order(t, booked)
            kind, event = self._label(t, stolen, theft, doubled)
            today = dict(
                demand=demand, sold=sold, received=received, ordered=ordered,
                stolen=stolen, stock=stock, difference=difference, miscount=miscount,
                on_order=sum(o[2] for o in self.open),
                oldest=t - min((o[0] for o in self.open), default=t),
                kind=kind, event=event,
            )  # fmt: skip
            for name, value in today.items():
                log[name][t] = value
        return log | {"mean": mean}

    def _order(self, t, booked):
        """Pieces ordered at the end of day t, and the event of a double order, or 0."""
        position = booked + sum(o[2] for o in self.open)
        if position >= self.mean * (self.lead + SAFETY):
            return 0, 0
        pieces = int(round(ORDER * self.mean))
        usual = self.lead + int(self.rng.choice([-1, 0, 1], p=[0.15, 0.7, 0.15]))
        late = self._event() if self._happens(LATE) else 0
        extra = int(self.rng.integers(4, 10)) if late else 0
        doubled = self._event() if self._happens(DOUBLE) else 0
        pieces *= 2 if doubled else 1
        self.open.append((t, t + usual + extra, pieces, late))
        return pieces, doubled

    def _label(self, t, stolen, theft, doubled):
        """Kind and event of day t: a theft before a double order before a delay."""
        overdue = [o[3] for o in self.open if o[3] and t - o[0] > self.lead + 1]
        if stolen:
            return 3, theft
        if doubled:
            return 2, doubled
        return (1, overdue[0]) if overdue else (0, 0)

    def _happens(self, chance):
        return bool(self.rng.random() < chance) and self.anomalies

    def _event(self):
        self.next_event += 1
        return self.next_event - 1
