"""The published matrix of UOMS [1] in the form that the strategies take: 297
configurations on 39 tables.

[1] Ma, Zhao, Zhang and Akoglu, A Large-scale Study on Unsupervised Outlier Model
Selection, 2021."""

import ast

import numpy as np

from metaad.search.tuning.matrix import Matrix

# the fixed choice that a tuner has to beat: 100 trees, 90 % of the columns for each
FIXED = "IForest (100, 0.9)"
ALIKE = {"lympho": "lymphography"}


def study_matrix(study, family=str.lower):
    """Return a `metaad.data.Study` as a Matrix with one seed.

    Parameters
    ----------
    study : `metaad.data.load("uoms")`.
    family : function of a table's name. The default calls two tables relatives if they
        have the same name in any case of letters (18 tables stand in the DAMI
        collection, 21 in ODDS, some in both). That is the least one must hold out;
        `relatives` holds out more.

    Returns
    -------
    Matrix: auroc, ap (39, 297, 1). `configs` holds the method's parameters under the
    names a, b, …"""
    columns = list(study.ap_mat.columns[4:])
    parsed = [ast.literal_eval(c) for c in columns]
    kinds = [method for method, _ in parsed]
    settings = [p if isinstance(p, tuple) else (p,) for _, p in parsed]
    labels = [f"{kind} {p}" for kind, (_, p) in zip(kinds, parsed, strict=True)]
    configs = [dict(zip("ab", p, strict=False)) for p in settings]
    auroc, ap = (
        np.concatenate(
            [
                getattr(study, f"{part}_{source}")[columns].to_numpy(float)
                for source in ("arff", "mat")
            ]
        )
        for part in ("roc", "ap")
    )
    names = [*study.ap_arff["Data"], *study.ap_mat["Data"]]
    families = [family(n) for n in names]
    return Matrix(
        auroc[:, :, None],
        ap[:, :, None],
        labels,
        kinds,
        configs,
        names,
        families,
        np.zeros(auroc.shape),
    )


def study_features(study):
    """Return what the study tells about a table without its labels: log rows, log
    columns; float64 (39, 2).

    The share of anomalies stands in the files too. It comes from the labels, so no
    strategy may see it."""
    frames = [getattr(study, f"ap_{source}") for source in ("arff", "mat")]
    return np.log(
        np.concatenate(
            [f[["#Samples", "# Dimensions"]].to_numpy(float) for f in frames]
        )
    )


def study_codes(matrix):
    """Return configurations as numbers, (297, m): which method, one column each, then
    its parameters.

    A parameter that is a number becomes its rank among the method's values, from 0 to
    1; one that is a word becomes a column for each word."""
    kinds = list(dict.fromkeys(matrix.kinds))
    rows = [{("kind", k): 1.0} for k in matrix.kinds]
    for kind in kinds:
        at = [i for i, k in enumerate(matrix.kinds) if k == kind]
        for name in matrix.configs[at[0]]:
            values = [matrix.configs[i][name] for i in at]
            known = sorted(set(values))
            for i, value in zip(at, values, strict=True):
                if isinstance(value, str):
                    rows[i][kind, name, value] = 1.0
                else:
                    rows[i][kind, name] = known.index(value) / max(len(known) - 1, 1)
    places = {
        key: j
        for j, key in enumerate(dict.fromkeys(key for row in rows for key in row))
    }
    codes = np.zeros((len(rows), len(places)))
    for i, row in enumerate(rows):
        for key, value in row.items():
            codes[i, places[key]] = value
    return codes


def relatives(families):
    """Return a family function for `study_matrix` out of `metaad.data.FAMILIES`: tables
    from one source go together.
    """

    def family(name):
        short = ALIKE.get(name.lower(), name.lower())
        return next((f for f, members in families.items() if short in members), short)

    return family
