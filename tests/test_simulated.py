"""The two simulated fields: their mathematics, and that they say what they are."""

import numpy as np
import pytest

from metaad import data
from metaad.data.simulated import road_traffic, supply_chain
from metaad.data.simulated.road_traffic import A_DAY, CAPACITY, JAM, LOOP, STEP


@pytest.fixture(scope="module")
def warehouse():
    return supply_chain.simulate(days=120, items=12, seed=3)


@pytest.fixture(scope="module")
def road():
    return road_traffic.simulate(days=14, stations=3, seed=4)


# --- the warehouse


def test_nothing_on_the_shelf_appears_or_disappears_unaccounted_for(warehouse):
    w = warehouse
    before = np.concatenate([w.opening[None], w.stock[:-1]])
    np.testing.assert_array_equal(w.stock, before + w.received - w.sold - w.stolen)
    assert w.stock.min() >= 0 and (w.sold <= w.demand).all()


def test_what_was_ordered_arrives_or_is_on_order(warehouse):
    w = warehouse
    change = np.diff(w.on_order, axis=0)
    np.testing.assert_array_equal(change, (w.ordered - w.received)[1:])
    assert ((w.oldest > 0) <= (w.on_order > 0)).all()


def test_counts_add_up_to_what_was_stolen(warehouse):
    # the book takes over each count, so errors of counting cancel but for the ends
    w = warehouse
    ends = w.miscount[-1] - w.miscount[0]
    lost = w.difference[1:].sum(axis=0)
    np.testing.assert_array_equal(lost, ends - w.stolen[1:].sum(axis=0))


def test_demand_has_its_mean_and_its_week():
    w = supply_chain.simulate(days=700, items=30, seed=0, anomalies=False)
    of_mean = w.demand / w.mean
    assert of_mean.mean() == pytest.approx(1, abs=0.01)
    days = [of_mean[i::7].mean() for i in range(7)]
    np.testing.assert_allclose(days, supply_chain.WEEK, atol=0.02)
    assert supply_chain.WEEK.mean() == pytest.approx(1)


def test_anomalies_are_what_their_names_say(warehouse):
    w = warehouse
    late, double, theft = (w.kind == k for k in (1, 2, 3))
    assert late.any() and double.any() and theft.any()
    assert (w.oldest[late] > 4).all()
    np.testing.assert_allclose((w.ordered / w.mean)[double], 16, atol=0.1)
    np.testing.assert_array_equal(theft, w.stolen > 0)
    assert ((w.event > 0) == (w.kind > 0)).all()
    for number in np.unique(w.event[w.event > 0]):
        assert len(np.unique(w.kind[w.event == number])) == 1
        assert (w.event == number).any(axis=0).sum() == 1  # one item


def test_without_anomalies_there_are_none():
    w = supply_chain.simulate(days=100, items=5, seed=1, anomalies=False)
    assert not w.kind.any() and not w.stolen.any() and not w.event.any()
    r = road_traffic.simulate(days=7, stations=2, seed=1, anomalies=False)
    assert not r.kind.any() and not r.event.any()


def test_another_item_changes_nothing_for_the_first():
    few = supply_chain.simulate(days=40, items=2, seed=5)
    many = supply_chain.simulate(days=40, items=4, seed=5)
    np.testing.assert_array_equal(few.stock, many.stock[:, :2])


# --- the motorway


def test_flow_is_density_times_speed(road):
    np.testing.assert_allclose(road.through, road.density * road.speed, rtol=1e-9)


def test_the_most_that_flows_is_a_quarter_of_free_speed_times_jam_density():
    k = np.linspace(0, JAM, 801)
    q = k * road_traffic.speed_at(k)
    assert q.max() == pytest.approx(CAPACITY) and k[q.argmax()] == JAM / 2


def test_a_flow_goes_with_two_densities():
    q = np.linspace(0, CAPACITY, 11)
    for k in road_traffic.densities(q):
        np.testing.assert_allclose(k * road_traffic.speed_at(k), q, atol=1e-9)
    free, congested = road_traffic.densities(q)
    assert (free <= JAM / 2).all() and (congested >= JAM / 2).all()


def test_every_vehicle_passes_or_waits(road):
    came, passed = (np.cumsum(a, axis=0) * STEP for a in (road.demand, road.through))
    np.testing.assert_allclose(came - passed, road.queue, atol=1e-6)
    assert (road.queue >= 0).all()


def test_a_queue_by_hand():
    # 12 vehicles/h are one in five minutes: two come, one passes
    demand, most = np.array([24.0, 24, 0, 0, 0]), np.full(5, 12.0)
    through, queue = road_traffic.queued(demand, most)
    np.testing.assert_allclose(through, [12, 12, 12, 12, 0])
    np.testing.assert_allclose(queue, [1, 2, 1, 0, 0])


def test_what_the_loop_says_is_right_on_average():
    r = road_traffic.simulate(days=60, stations=2, seed=2, anomalies=False)
    assert r.flow.mean() == pytest.approx(r.through.mean(), rel=0.005)
    occupancy = 100 * LOOP * r.density
    assert r.occupancy.mean() == pytest.approx(occupancy.mean(), rel=0.005)
    fast = r.flow > 300
    assert (r.seen_speed - r.speed)[fast].mean() == pytest.approx(0, abs=0.1)


def test_incidents_hold_vehicles_up_and_sensors_repeat(road):
    incident, stuck = road.kind == 1, road.kind == 2
    assert incident.any() and stuck.any()
    assert (road.queue[incident] > 0).all()
    assert road.speed[incident].max() < 25
    X = road.table().X.reshape(*road.kind.shape, -1)
    assert (X[stuck][:, 5:] == 0).all()
    calm = road_traffic.simulate(days=14, stations=3, seed=4, anomalies=False)
    assert calm.delay < road.delay


def test_working_days_have_two_peaks_and_the_weekend_one():
    r = road_traffic.simulate(days=28, stations=2, seed=0, anomalies=False)
    by_day = r.demand[:, 0].reshape(28, A_DAY)
    weekday = np.arange(28) % 7 < 5

    def peaks(course):
        inner = course[1:-1]
        return int(((inner > course[:-2]) & (inner > course[2:])).sum())

    assert peaks(by_day[weekday].mean(axis=0)) >= 2
    assert peaks(by_day[~weekday].mean(axis=0)) == 1


# --- as tables


@pytest.mark.parametrize("module", [supply_chain, road_traffic])
def test_a_simulated_table_is_loaded_by_its_name_and_says_what_it_is(module):
    table = data.load(module.NAME)
    assert "simulated" in table.source and table.name == module.NAME
    assert table.columns == module.COLUMNS and table.X.shape[1] == len(module.COLUMNS)
    assert np.isfinite(table.X).all() and 0.005 < table.y.mean() < 0.1
    world = module.simulate()
    np.testing.assert_array_equal(world.table().X, table.X)
    assert len(world.days) == len(table.X) and world.days.min() == 0
    np.testing.assert_array_equal(table.y, world.kind.ravel() > 0)


@pytest.mark.parametrize("module", [supply_chain, road_traffic])
def test_another_seed_gives_another_world(module):
    a, b = (module.simulate(days=7, seed=s).table().X for s in (0, 1))
    assert a.shape == b.shape and not np.array_equal(a, b)


@pytest.mark.parametrize("days", [0, 1.5])
@pytest.mark.parametrize("module", [supply_chain, road_traffic])
def test_days_must_be_whole(module, days):
    with pytest.raises(data.DataError, match="days must be a whole number"):
        module.simulate(days=days)
