"""A motorway, simulated: what its loop detectors say every five minutes.

Every number here is assumed, none was measured. A row of the table is one station in
five minutes.

1.  Physics of one lane: flow q = k v, with density k and speed v [1]. Speed falls with
    density in a straight line [2], v = V (1 - k / J), V = 100 km/h, J = 80 vehicles/km,
    so that the most that can flow is V J / 4 = 2,000 vehicles/h. A flow below it goes
    with two densities: free and congested.
2.  Demand has the rhythm of the day and the week: two peaks on working days, one broad
    hump at the weekend. Each station has its own size, each day a factor of its own
    (4 %), so that queues form on some mornings. That is normal.
3.  A station is a bottleneck with a queue that takes no room [3]. It lets through what
    comes and waits, 97 % of the capacity at most. While vehicles wait the road is
    congested.
4.  Measured: the count of five minutes is Poisson; speed has an error of 8 km/h over the
    root of the count; occupancy, the share of time the loop is covered, is density times
    6 m, with an error of 3 %.
5.  Anomalies: "incident", on average every second day at a station, between 6 and 21
    hours: 30 to 50 % of the capacity is left for 20 to 60 minutes. Anomalous are the
    intervals in which it blocks and vehicles wait. "stuck sensor", every eighth day:
    flow, speed and occupancy repeat their last values for one to three hours.

[1] Wardrop, Some theoretical aspects of road traffic research, 1952.
[2] Greenshields, A study of traffic capacity, 1935.
[3] Vickrey, Congestion theory and transport investment, 1969."""

from dataclasses import dataclass

import numpy as np

from metaad.data.simulated import as_record, at_least_one

NAME = "simulated:road-traffic"
KINDS = ("", "incident", "stuck sensor")
FREE, JAM = 100.0, 80.0  # km/h with an empty road; vehicles/km that stand still
CAPACITY = FREE * JAM / 4  # vehicles/h
LOOP = 0.006  # km that a vehicle covers the loop for
A_DAY, STEP = 288, 1 / 12  # intervals of a day; hours of one
INCIDENTS, STUCK = 1 / 2, 1 / 8  # a day and station
COLUMNS = (
    "hour",
    "weekend",
    "flow",
    "speed",
    "occupancy",
    "change of flow",
    "change of speed",
    "change of occupancy",
)


@dataclass(frozen=True, eq=False)
class Motorway:
    """What happened: every array (days · 288, stations), float64 where not said.

    demand, through : vehicles/h that come, that pass. queue : vehicles that wait at the
    end of the interval. density, speed : of the road. flow, seen_speed, occupancy : as
    measured, in vehicles/h, km/h and %. kind : int, 0 or the place in KINDS; event : int,
    0 or the number of the incident or fault."""

    demand: np.ndarray
    through: np.ndarray
    queue: np.ndarray
    density: np.ndarray
    speed: np.ndarray
    flow: np.ndarray
    seen_speed: np.ndarray
    occupancy: np.ndarray
    kind: np.ndarray
    event: np.ndarray
    seed: int

    def table(self):
        """Return the `Table`: rows (intervals · stations, 8), interval by interval."""
        measured = [self.flow, self.seen_speed, self.occupancy]
        changes = [np.diff(m, axis=0, prepend=m[:1]) for m in measured]
        at, shape = np.arange(len(self.flow)), self.flow.shape
        hour, weekend = at % A_DAY * STEP, at // A_DAY % 7 >= 5
        when = [np.broadcast_to(a[:, None], shape) for a in (hour, weekend)]
        X = np.stack([*when, *measured, *changes], axis=-1).astype(np.float64)
        y = (self.kind > 0).astype(np.int64).ravel()
        marks = "five minutes of an incident with a queue, or of a stuck sensor"
        return as_record(
            X.reshape(-1, len(COLUMNS)), y, NAME, COLUMNS, marks, self.seed
        )

    @property
    def days(self):
        """The day of each row of the table: int array."""
        return np.repeat(np.arange(len(self.flow)) // A_DAY, self.flow.shape[1])

    @property
    def delay(self):
        """Hours that vehicles have waited, all together."""
        return float(self.queue.sum() * STEP)


def densities(flow):
    """Return the free and the congested density, vehicles/km, of a flow in vehicles/h
    from 0 to CAPACITY: two arrays like it.

    The roots of q = V k (1 - k / J): k = J / 2 (1 ± √(1 - q / capacity))."""
    root = np.sqrt(1.0 - np.asarray(flow, dtype=np.float64) / CAPACITY)
    return JAM / 2 * (1.0 - root), JAM / 2 * (1.0 + root)


def speed_at(density):
    """Return the speed in km/h at a density in vehicles/km, 0 to JAM."""
    return FREE * (1.0 - np.asarray(density) / JAM)


def simulate(days=21, stations=3, seed=0, anomalies=True):
    """Simulate a motorway, see the module's text, and return a `Motorway`. Day 0 is a
    Monday.

    days, stations : int ≥ 1. seed : int. anomalies : False for a world without any."""
    at_least_one(days=days, stations=stations)
    made, next_event = [], 1
    for station in range(stations):
        rng = np.random.default_rng([seed, station])
        found = _station(rng, days, anomalies, next_event)
        next_event = 1 + max(next_event - 1, int(found["event"].max()))
        made.append(found)
    whole = {n: np.stack([m[n] for m in made], axis=1) for n in made[0]}
    return Motorway(**whole, seed=seed)


def demand_of(days, rng):
    """Return the vehicles/h that come to a station, (days · 288,)."""
    hour = np.arange(A_DAY) * STEP
    hump = lambda at, width: np.exp(-(((hour - at) / width) ** 2) / 2)  # noqa: E731
    work = 0.06 + 0.8 * hump(8, 1.3) + 0.82 * hump(17.3, 1.8) + 0.4 * hump(12.5, 2.5)
    rest = 0.06 + 0.6 * hump(14, 4)
    size = rng.uniform(0.96, 1.06)
    of_day = size * np.exp(rng.normal(0, 0.04, days))
    shape = [rest if day % 7 >= 5 else work for day in range(days)]
    return CAPACITY * (of_day[:, None] * np.array(shape)).ravel()


def _station(rng, days, anomalies, first_event):
    demand = demand_of(days, rng)
    starts, left = _blocked(rng, days, first_event) if anomalies else ([], 1.0)
    capacity = 0.97 * CAPACITY * np.broadcast_to(left, demand.shape)
    through, queue = queued(demand, capacity)
    free, congested = densities(through)
    density = np.where(queue > 0, congested, free)
    speed = speed_at(density)
    count = rng.poisson(through * STEP)
    error = rng.normal(size=(2, len(demand)))
    seen = {
        "flow": count / STEP,
        "seen_speed": np.maximum(
            1, speed + 8 * error[0] / np.sqrt(np.maximum(count, 1))
        ),
        "occupancy": 100 * LOOP * density * np.maximum(0, 1 + 0.03 * error[1]),
    }
    kind, event = np.zeros((2, len(demand)), dtype=np.int64)
    for number, rows in starts:
        rows = rows[queue[rows] > 0]
        kind[rows], event[rows] = 1, number
    if anomalies:
        _stick(rng, days, seen, kind, event, first_event + len(starts))
    world = {"demand": demand, "through": through, "queue": queue, "density": density}
    return world | {"speed": speed, **seen, "kind": kind, "event": event}


def queued(demand, capacity):
    """Return what passes a bottleneck, vehicles/h, and how many vehicles wait at the
    end of each interval: arrays (n,) from arrays (n,) in vehicles/h.

    Nothing is lost: what comes passes or waits."""
    through, queue, waiting = [], [], 0.0
    for comes, most in zip(demand.tolist(), capacity.tolist(), strict=True):
        wants = comes + waiting / STEP
        through.append(min(most, wants))
        # exactly none where all pass, so that no rounding looks like a queue
        waiting = 0.0 if wants <= most else (wants - most) * STEP
        queue.append(waiting)
    return np.array(through), np.array(queue)


def _blocked(rng, days, first_event):
    """Incidents: [(number, rows)], and the share of the capacity that is left, (n,)."""
    left, starts = np.ones(days * A_DAY), []
    for day in range(days):
        for _ in range(rng.poisson(INCIDENTS)):
            begin = day * A_DAY + int(rng.uniform(6, 21) / STEP)
            rows = np.arange(begin, begin + int(rng.integers(4, 13)))
            left[rows] = np.minimum(left[rows], rng.uniform(0.3, 0.5))
            starts.append((first_event + len(starts), rows))
    return starts, left


def _stick(rng, days, seen, kind, event, number):
    """Let sensors repeat what they last said; `seen`, `kind` and `event` are changed."""
    for _ in range(rng.poisson(STUCK * days)):
        begin = int(rng.integers(1, days * A_DAY - 36))
        rows = np.arange(begin, begin + int(rng.integers(12, 37)))
        for values in seen.values():
            values[rows] = values[begin - 1]
        kind[rows], event[rows] = 2, number
        number += 1
