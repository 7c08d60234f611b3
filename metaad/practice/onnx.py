"""A detector for programs that have no Python: to a file of ONNX and back to scores.

    from metaad.practice import onnx_scores, to_onnx

    to_onnx(detector, "forest.onnx")
    onnx_scores("forest.onnx", X)       # what detector.score_samples(X) gives

The file holds the graph of `score_samples` alone: it checks nothing and fills no gaps.
Rows with NaN, or with columns in another order, get a number all the same.
"""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from metaad.practice import onnx_graphs
from metaad.repro.whole import whole
from metaad.saving.objects import key_of

LARGEST = 2**31 - 2**20  # bytes; a file of ONNX may have 2 GiB
IR = 8  # of the file, the one that came with operator set 18


def to_onnx(detector, path, dtype="float64"):
    """Write a fitted detector's `score_samples` as a graph of ONNX; return the path.

    The input is "rows", (n, d), any n; the output "score", (n,), larger = more
    *normal*. The detector's class, its threshold `offset_` and the column names, where
    it has some, stand in the file's metadata. Equal detectors give equal bytes.

    Parameters
    ----------
    detector : a fitted IsolationForest, KMeansDetector, KNNDetector,
        MahalanobisDetector, PCADetector, AutoencoderDetector (so also what an
        ArchitectureSearch made), DenoisingAutoencoder, GANDetector, WGANDetector or
        ExposureDetector; or scikit-learn's Pipeline of StandardScaler, MinMaxScaler,
        RobustScaler and one of them.
    path : where to; the file is written whole or not at all.
    dtype : "float64", the scores of `score_samples` up to rounding; or "float32", half
        the size (but for kNN). Then rows lose digits before anything is computed: a column of 1.7e9
        ± 60 (seconds since 1970) is rounded to steps of 128, and what it said is gone.
        Subtract a constant from such columns first, and compare on your own rows.

    Raises
    ------
    TypeError
        for a detector that can't be written; the message names those that can.
    ValueError
        for another dtype, or a file of more than 2 GiB.
    sklearn.exceptions.NotFittedError
        if the detector is not fitted.
    """
    from onnx import checker, helper, numpy_helper

    if dtype not in ("float64", "float32"):
        raise ValueError(f'dtype must be "float64" or "float32", got {dtype!r}.')
    scalers, last = _steps(detector)
    check_is_fitted(last)
    graph, x = onnx_graphs.Graph(dtype), "rows"
    for scaler in scalers:
        x = onnx_graphs.column_scaler(graph, scaler, x)
    anomaly = onnx_graphs.GRAPHS[key_of(last)](graph, last, x)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    last_node = helper.make_node("Cast", [graph("Neg", anomaly)], ["score"], to=kind)
    graph.nodes.append(last_node)
    size = sum(c.nbytes for c in graph.constants.values())
    if size > LARGEST:
        raise ValueError(
            f"this {type(last).__name__} holds {size / 2**30:.1f} GiB, and a file of "
            f"ONNX may have 2; fit it on fewer rows."
        )
    d = detector.n_features_in_
    content = helper.make_graph(
        graph.nodes,
        type(last).__name__,
        [helper.make_tensor_value_info("rows", kind, [None, d])],
        [helper.make_tensor_value_info("score", kind, [None])],
        [numpy_helper.from_array(c, n) for n, c in graph.constants.items()],
    )
    opset = [helper.make_opsetid("", onnx_graphs.OPSET)]
    model = helper.make_model(content, opset_imports=opset, ir_version=IR)
    helper.set_model_props(model, _about(detector, last))
    checker.check_model(model)
    with whole(path) as file:
        file.write(model.SerializeToString(deterministic=True))
    return path


def _steps(detector):
    """The scalers before a detector, and the detector itself."""
    if key_of(detector) == "sklearn.pipeline.Pipeline":
        scalers = [step for _, step in detector.steps[:-1]]
        last = detector.steps[-1][1]
    else:
        scalers, last = [], detector
    wrong = [s for s in scalers if type(s).__name__ not in onnx_graphs.SCALERS]
    if key_of(last) not in onnx_graphs.GRAPHS:
        wrong.append(last)
    if wrong:
        names = (key.rpartition(".")[2] for key in onnx_graphs.GRAPHS)
        hint = ""
        if type(last).__name__ == "ArchitectureSearch":
            hint = " Of a search, pass the detector that its optimize(...) returns."
        raise TypeError(
            f"{type(wrong[0]).__name__} can't be written as ONNX; {', '.join(names)} "
            f"can, alone or in a Pipeline after {', '.join(onnx_graphs.SCALERS)}.{hint}"
        )
    return scalers, last


def _about(detector, last):
    """What the file says about itself: dict of texts."""
    import json

    from metaad import __version__

    about = {"detector": type(last).__name__, "metaad": __version__}
    about["offset"] = repr(float(last.offset_))
    names = getattr(detector, "feature_names_in_", None)
    if names is not None:
        about["columns"] = json.dumps(list(names), ensure_ascii=False)
    return about


def onnx_scores(path, X, batch=10_000):
    """Run a file of `to_onnx` on rows X (n, d) with onnxruntime: float64 array (n,),
    larger = more normal.

    path : the file, or an open `onnxruntime.InferenceSession`. batch : int ≥ 1, rows at
    a time; the same rows get the same scores in any batch, up to rounding.

    Raises
    ------
    ValueError
        for NaN or infinity in X, or another number of columns than the file's.
    """
    session = open_onnx(path) if not hasattr(path, "run") else path
    rows = session.get_inputs()[0]
    X = np.asarray(X, dtype=np.float32 if "float" in rows.type else np.float64)
    d = rows.shape[1]
    if X.ndim != 2 or X.shape[1] != d:
        raise ValueError(f"the model takes rows of {d} columns, got shape {X.shape}.")
    if not np.isfinite(X).all():
        bad = int((~np.isfinite(X)).any(axis=1).argmax())
        raise ValueError(f"row {bad} (counted from 0) holds NaN or infinity.")
    parts = [X[i : i + batch] for i in range(0, len(X), batch)]
    found = [session.run(["score"], {"rows": part})[0] for part in parts]
    return np.concatenate([np.empty(0), *found]).astype(np.float64)


def open_onnx(path, threads=1):
    """Open a file of ONNX for many calls: an `onnxruntime.InferenceSession`."""
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = threads
    return onnxruntime.InferenceSession(
        str(path), settings, providers=["CPUExecutionProvider"]
    )
