"""Tables whose anomalies are made rare."""

import numpy as np
import pytest

from metaad import data


def test_anomalies_are_at_most_the_share_and_no_normal_row_is_lost():
    table = data.load("breast-cancer")
    rare = data.rarer(table, 0.1)
    assert (rare.y == 0).sum() == (table.y == 0).sum() == 357
    assert rare.y.sum() == 39  # 39 of 396 is below a tenth, 40 of 397 above
    assert "173 anomalies left out" in rare.notes


def test_the_share_itself_may_be_reached():
    X = np.arange(200.0)[:, None]
    table = data.loaders.as_table(X, X[:, 0] >= 90, "t", "", "", "", "anomalies")
    assert data.rarer(table, 0.1).y.sum() == 10  # 10 of 100


def test_rows_keep_their_order_and_their_labels():
    table = data.load("breast-cancer")
    rare = data.rarer(table, 0.05, random_state=3)
    where = [np.flatnonzero((row == table.X).all(axis=1))[0] for row in rare.X]
    assert (np.diff(where) > 0).all()
    assert (table.y[where] == rare.y).all()


def test_every_anomaly_is_as_likely_to_stay():
    table = data.load("breast-cancer")
    first = table.X[np.flatnonzero(table.y == 1)[0]]
    seeds = range(400)
    kept = [(first == data.rarer(table, 0.1, s).X).all(axis=1).any() for s in seeds]
    # 39 of 212 stay: a binomial of 400 draws lies within four deviations
    share = 39 / 212
    assert abs(np.mean(kept) - share) < 4 * np.sqrt(share * (1 - share) / 400)


def test_a_table_with_rare_anomalies_is_returned_as_it_is():
    table = data.load("wine")
    assert data.rarer(table, 0.2) is table


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 2e-3])
def test_a_share_that_makes_no_sense_is_refused_with_what_to_do(share):
    with pytest.raises(data.DataError, match="share"):
        data.rarer(data.load("breast-cancer"), share)


def test_a_table_of_classes_is_refused():
    with pytest.raises(data.DataError, match="which rows are anomalies"):
        data.rarer(data.load("digits"))
