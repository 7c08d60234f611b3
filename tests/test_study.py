"""The published UOMS matrix: the known figures come out of the files, and no label
gets into the features.
"""

import numpy as np
import pytest

from metaad import data
from metaad.search.tuning.strategies import BestMean, Evidence
from metaad.search.tuning.uoms import (
    FIXED,
    relatives,
    study_codes,
    study_features,
    study_matrix,
)


@pytest.fixture(scope="module")
def study():
    try:
        return data.load("uoms")
    except data.DataError as error:
        pytest.skip(str(error))


def held_out_best(m, metric):
    values, families = getattr(m, metric)[:, :, 0], np.array(m.families)
    found = np.empty(len(values))
    for f in set(m.families):
        out = families == f
        best = BestMean().fit(
            Evidence(values[~out], np.zeros((sum(~out), 1)), np.zeros((297, 1)))
        )
        found[out] = values[out, best.choose(np.zeros(1))[0]]
    return found.mean()


def test_the_known_figures(study):
    m = study_matrix(study)
    assert m.auroc.shape == m.ap.shape == (39, 297, 1)
    fixed = m.labels.index(FIXED)
    for metric, forest, held_out, oracle in (
        ("ap", 0.4020, 0.3910, 0.5764),
        ("auroc", 0.7667, 0.7588, 0.8821),
    ):
        values = getattr(m, metric)[:, :, 0]
        assert round(values[:, fixed].mean(), 4) == forest
        assert round(values.max(axis=1).mean(), 4) == oracle
        assert round(held_out_best(m, metric), 4) == held_out


def test_families_by_name_and_by_source(study):
    by_name, by_source = (
        study_matrix(study),
        study_matrix(study, relatives(data.FAMILIES)),
    )
    assert (
        len(set(by_name.families)) == 33 and by_name.families.count("annthyroid") == 2
    )
    family = dict(zip(by_source.names, by_source.families, strict=True))
    assert family["Annthyroid"] == family["thyroid"] == "thyroid"
    assert (
        family["satellite"] == family["satimage-2"]
        and family["WPBC"] == family["breastw"]
    )
    assert family["lympho"] == "lymphography" and family["speech"] == "speech"


def test_codes_are_distinct_and_features_come_without_labels(study):
    m = study_matrix(study)
    codes = study_codes(m)
    assert (
        len(np.unique(codes, axis=0)) == 297 and codes.min() == 0 and codes.max() == 1
    )
    lof = [i for i, k in enumerate(m.kinds) if k == "LOF"]
    assert (codes[lof][:, codes[lof].any(axis=0)].sum(axis=1) <= 3).all()
    assert study_features(study).shape == (39, 2)
