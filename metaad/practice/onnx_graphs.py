"""What a detector computes, as a graph of ONNX [1]: one short function per detector.

A function takes a `Graph`, the fitted detector and the name of the rows (n, d), and
returns the name of the anomaly scores (n,). It reads like the detector's `_anomaly`.
The graphs are written node by node, not traced: so they keep float64, the same detector
gives the same bytes, and no path of the machine gets into the file.

References
----------
[1] ONNX, Open Neural Network Exchange, operator set 18 (onnx.ai).
"""

import numpy as np

from metaad.detectors.forest.isolation_forest import GRID
from metaad.detectors.forest.trees import average_path_length

OPSET = 18
INT64, DOUBLE = 7, 11  # as files of ONNX number them
LAST = np.array([-1])  # the last axis, as operators of this set take it


class Graph:
    """Nodes and constants of a graph that grows: `graph("Add", x, 1.0)` adds a node and
    returns the name of its output.

    dtype : "float64" or "float32", of all constants that are not whole numbers.
    """

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)
        self.nodes, self.constants = [], {}

    def __call__(self, op, *inputs, outputs=1, **settings):
        """Add a node. inputs : names, or numbers and arrays, which become constants.
        Returns the output's name; with `outputs` > 1 a list of names.
        """
        from onnx import helper

        inputs = [v if isinstance(v, str) else self.constant(v) for v in inputs]
        names = [f"v{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, **settings))
        return names if outputs > 1 else names[0]

    def constant(self, value):
        """Keep an array, and return its name. Fractions get the graph's type."""
        value = np.asarray(value)
        value = value.astype(np.int64 if value.dtype.kind in "iu" else self.dtype)
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def wide(self, x):
        """Go on in float64, whatever the rows came in."""
        self.dtype = np.dtype("float64")
        return self("Cast", x, to=DOUBLE)

    def length(self, x):
        """Compute the Euclidean length along the last axis: (..., d) -> (...)."""
        return self("Sqrt", self("ReduceSumSquare", x, LAST, keepdims=0))

    def mean_square(self, a, b):
        """Compute the mean squared difference along the last axis: two (..., d) -> (...)."""
        gap = self("Sub", a, b)
        return self("ReduceMean", self("Mul", gap, gap), LAST, keepdims=0)


def kmeans(graph, detector, x):
    """Compute the distance to the nearest centre, by differences: (n, k, d) on the way."""
    gaps = graph("Sub", graph("Unsqueeze", x, [1]), detector.cluster_centers_)
    return graph("ReduceMin", graph.length(gaps), LAST, keepdims=0)


def mahalanobis(graph, detector, x):
    """Compute the length of L⁻¹ (x - μ)."""
    inverse = np.linalg.inv(detector.factor_)
    centred = graph("Sub", x, detector.mean_)
    return graph.length(graph("MatMul", centred, inverse.T))


def pca(graph, detector, x):
    """Compute the length of what the components leave over."""
    centred, V = graph("Sub", x, detector.mean_), detector.components_
    kept = graph("MatMul", graph("MatMul", centred, V.T), V)
    return graph.length(graph("Sub", centred, kept))


def knn(graph, detector, x):
    """Compute distances to the k nearest rows, one twin left out: (n, rows) on the way.

    Rows are found by products, which lose digits, and then measured by differences. A
    twin is at distance 0 exactly, so all of it is computed in float64."""
    rows, k = detector._rows, detector.n_neighbors_
    x = graph("Sub", graph.wide(x), detector._centre)
    square = graph("ReduceSumSquare", x, LAST)
    product = graph("MatMul", x, -2.0 * rows.T)
    far = graph("Add", graph("Add", product, (rows**2).sum(axis=1)), square)
    _, places = graph("TopK", far, [k + 1], outputs=2, largest=0)
    gaps = graph("Sub", graph("Unsqueeze", x, [1]), graph("Gather", rows, places))
    near, _ = graph("TopK", graph.length(gaps), [k + 1], outputs=2, largest=0)
    first, others = graph("Slice", near, [0], [1], [1]), [[0, k], [1, k + 1]]
    low, high = (graph("Slice", near, [a], [b], [1]) for a, b in others)
    d = graph("Where", graph("Equal", first, 0.0), high, low)  # (n, k), ascending
    at = {"largest": (k - 1, k), "mean": (0, k), "median": ((k - 1) // 2, k // 2 + 1)}
    a, b = at[detector.method]
    return graph("ReduceMean", graph("Slice", d, [a], [b], [1]), LAST, keepdims=0)


def forest(graph, detector, x):
    """Compute 2 ** (-E[h] / c): the walk of `trees.walk`, all trees level by level."""
    feature, threshold, paths = detector._levels()
    trees = len(paths)
    # (n, trees) of zeros plus the number of each tree: the node of each row in it
    node = graph("Expand", np.arange(trees), _table(graph, x, trees))
    for f, cut in zip(feature, threshold, strict=True):
        value = graph("GatherElements", x, graph("Gather", f, node), axis=1)
        above = graph("Greater", value, graph("Gather", below(cut, graph.dtype), node))
        node = graph("Add", graph("Add", node, node), graph("Cast", above, to=INT64))
    h = graph("ReduceSum", graph("Gather", paths.ravel(), node), LAST, keepdims=0)
    h = graph("Div", h, float(trees))
    c = float(np.round(average_path_length(detector.max_samples_) * GRID) / GRID)
    ratio = graph("Div", h, c) if c > 0 else graph("Add", graph("Mul", h, 0.0), 1.0)
    return graph("Pow", 2.0, graph("Neg", ratio))


def below(cut, dtype):
    """Return thresholds as the nearest numbers of a type that are not above them: then
    `x > cut` has the same answer for every x of that type.

    cut : float64 array. dtype : numpy dtype, float64 or float32."""
    with np.errstate(over="ignore"):
        found = cut.astype(dtype)
    return np.where(found > cut, np.nextafter(found, dtype.type(-np.inf)), found)


def _table(graph, x, width):
    """The shape (n, width) as the graph knows it when it runs."""
    n = graph("Slice", graph("Shape", x), [0], [1])
    return graph("Concat", n, [width], axis=0)


def scaled(graph, detector, x):
    """Put columns in the network's units."""
    from metaad.detectors.network import LARGEST

    x = graph("Div", graph("Sub", x, detector.mean_), detector.scale_)
    return graph("Clip", x, -LARGEST, LARGEST)


def autoencoder(graph, detector, x):
    """Compute the mean squared error of the copy."""
    z = scaled(graph, detector, x)
    return graph.mean_square(z, network(graph, detector.module_, z))


def denoising(graph, detector, x):
    """Compute the same with noise on the rows, mean over patterns: (n, patterns, d)."""
    z = graph("Unsqueeze", scaled(graph, detector, x), [1])
    copies = network(graph, detector.module_, graph("Add", z, detector.noise_))
    return graph("ReduceMean", graph.mean_square(z, copies), LAST, keepdims=0)


def exposure(graph, detector, x):
    """Compute the logit of "anomalous"."""
    logit = network(graph, detector.module_, scaled(graph, detector, x))
    return graph("Squeeze", logit, LAST)


def gan(graph, detector, x):
    """Compute minus the critic, the error of the copy, or that and the features' error."""
    nets, z = detector.module_, scaled(graph, detector, x)
    critic = nets["critic"]
    if detector.scored_by == "critic":
        height = network(graph, critic.head, network(graph, critic.body, z))
        return graph("Neg", graph("Squeeze", height, LAST))
    copies = network(graph, nets["generator"], network(graph, nets["encoder"], z))
    values = graph.mean_square(z, copies)
    if detector.scored_by == "reconstruction":
        return values
    features = (network(graph, critic.body, rows) for rows in (z, copies))
    weight = detector.feature_weight / detector.feature_unit_
    return graph("Add", values, graph("Mul", graph.mean_square(*features), weight))


def network(graph, module, x):
    """Send rows (..., d) through layers that stand one after the other."""
    from torch import nn

    if isinstance(module, nn.Linear):
        weight = module.weight.detach().cpu().double().numpy()
        x = graph("MatMul", x, weight.T)
        if module.bias is None:
            return x
        return graph("Add", x, module.bias.detach().cpu().double().numpy())
    if isinstance(module, nn.LeakyReLU):  # runtimes have LeakyRelu in float32 only
        return graph("Max", x, graph("Mul", x, float(module.negative_slope)))
    single = {nn.ReLU: "Relu", nn.Sigmoid: "Sigmoid", nn.Tanh: "Tanh"}
    if type(module) in single:
        return graph(single[type(module)], x)
    # a Sequential, or encoder and decoder: one after the other
    parts = list(module.children())
    if not parts and not isinstance(module, nn.Identity):
        raise TypeError(
            f"a network with a layer {type(module).__name__} has no graph here; there "
            f"are Linear, ReLU, LeakyReLU, Sigmoid, Tanh and Identity."
        )
    for part in parts:
        x = network(graph, part, x)
    return x


def column_scaler(graph, scaler, x):
    """Scale the columns as one of scikit-learn's scalers gives them."""
    name, d = type(scaler).__name__, scaler.n_features_in_
    if name == "MinMaxScaler":
        x = graph("Add", graph("Mul", x, scaler.scale_), scaler.min_)
        return graph("Clip", x, *map(float, scaler.feature_range)) if scaler.clip else x
    centre = scaler.mean_ if name == "StandardScaler" else scaler.center_
    centre = np.zeros(d) if centre is None else centre
    scale = np.ones(d) if scaler.scale_ is None else scaler.scale_
    return graph("Div", graph("Sub", x, centre), scale)


# of each class that can be written, by its row in metaad.saving.classes
GRAPHS = {
    "metaad.detectors.IsolationForest": forest,
    "metaad.detectors.KMeansDetector": kmeans,
    "metaad.detectors.KNNDetector": knn,
    "metaad.detectors.MahalanobisDetector": mahalanobis,
    "metaad.detectors.PCADetector": pca,
    "metaad.detectors.AutoencoderDetector": autoencoder,
    "metaad.detectors.DenoisingAutoencoder": denoising,
    "metaad.detectors.GANDetector": gan,
    "metaad.detectors.WGANDetector": gan,
    "metaad.attacks.ExposureDetector": exposure,
}
SCALERS = ("StandardScaler", "MinMaxScaler", "RobustScaler")
