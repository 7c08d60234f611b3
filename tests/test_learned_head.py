"""A head learned in episodes: seventeen numbers against closed forms, and weights that
solve the convex problem they are said to solve."""

import math

import numpy as np
import pytest
import torch

from metaad.meta import support_numbers as numbers
from metaad.meta.few_shot import trunk
from metaad.meta.learned_head import LearnedHead
from metaad.meta.support_heads import HEADS, gram, unit

CLASSES = 4
Y = np.array([0, 0, 0, 1, 1])


def network():
    net = trunk(out=8, side=8)
    net.append(torch.nn.Linear(8, CLASSES))
    return net


@pytest.fixture
def seen():
    X = torch.rand(12, 64, generator=torch.Generator().manual_seed(3))
    return X, numbers.views(network(), X)


SUPPORT, QUERY = torch.tensor([[0, 1, 2], [3, 4, 5]]), torch.tensor([[6, 7], [8, 9]])


def test_views_are_directions_and_the_networks_own_logits(seen):
    net = network()
    X = seen[0]
    features, logits = numbers.views(net, X)
    assert tuple(features) == numbers.LAYERS
    for z in features.values():
        torch.testing.assert_close(z.norm(dim=1), torch.ones(len(X)))
    with torch.no_grad():
        torch.testing.assert_close(logits, net(X))
    assert not net.training


def test_many_rows_go_through_the_network_in_parts(monkeypatch):
    net, X = network(), torch.rand(11, 64)
    whole = numbers.views(net, X)
    monkeypatch.setattr(numbers, "ROWS", 3)
    parts = numbers.views(net, X)
    torch.testing.assert_close(whole[1], parts[1])
    torch.testing.assert_close(whole[0]["third"], parts[0]["third"])


@pytest.mark.parametrize(
    "net",
    [trunk(out=8, side=8), torch.nn.Sequential(torch.nn.Linear(64, 2))],
    ids=["without the layer that names classes", "without convolutions"],
)
def test_another_network_is_refused_with_what_to_do(net):
    with pytest.raises(ValueError, match="three ReLUs and then two linear"):
        numbers.views(net, torch.rand(2, 64))


def test_the_distances_are_those_of_the_heads(seen):
    features, logits = seen[1]
    found = numbers.support_numbers(features, logits, SUPPORT, QUERY)
    assert found.shape == (2, 2, len(numbers.NAMES))
    for i, name in enumerate(numbers.NAMES[:-5]):
        head, layer = name.split(", ")
        z = features[layer]
        expected = HEADS[head](*gram(z[SUPPORT], z[QUERY]))
        torch.testing.assert_close(found[..., i], expected)


def test_the_order_of_the_support_does_not_matter(seen):
    of = seen[1]
    a = numbers.support_numbers(*of, SUPPORT, QUERY)
    b = numbers.support_numbers(*of, SUPPORT[:, [2, 0, 1]], QUERY)
    torch.testing.assert_close(a, b)


def test_a_support_row_itself_is_at_no_distance_and_has_no_other_profile(seen):
    features, logits = seen[1]
    one = torch.tensor([[4]])
    found = dict(
        zip(
            numbers.NAMES,
            numbers.support_numbers(features, logits, one, one)[0, 0].tolist(),
            strict=True,
        )
    )
    for name in numbers.NAMES[:-5] + ("other profile", "other names"):
        # float32 features of length one, their squares cancel
        assert found[name] == pytest.approx(0.0, abs=1e-6), name


def test_numbers_of_known_classes_by_hand():
    logits = torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0]], dtype=torch.float64)
    of = numbers.known_numbers(logits, torch.tensor([[0]]), torch.tensor([[1]]))
    energy, largest, certain, profile, names = (v.item() for v in of)
    assert energy == pytest.approx(math.log(4.0))
    assert largest == pytest.approx(math.log(3.0))
    assert certain == pytest.approx(0.75)
    # the support's profile is flat: a direction of length 0, cosine 0
    assert profile == pytest.approx(1.0)
    mixed = [5 / 8, 3 / 8]
    by_hand = sum(
        0.5 * p * math.log(p / m)
        for row in ((0.75, 0.25), (0.5, 0.5))
        for p, m in zip(row, mixed, strict=True)
    )
    assert names == pytest.approx(by_hand)


def test_jensen_shannon_has_its_two_ends():
    p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert numbers.jensen_shannon(p, p).item() == pytest.approx(0.0, abs=1e-7)
    assert numbers.jensen_shannon(p, q).item() == pytest.approx(math.log(2.0))


def test_a_unit_is_the_spread_over_known_classes_and_one_where_there_is_none():
    episodes = torch.tensor([[[1.0, 7.0], [3.0, 7.0]], [[5.0, 7.0], [7.0, 7.0]]])
    found = numbers.reference(episodes)
    assert found.tolist() == pytest.approx([np.std([1, 3, 5, 7], ddof=1), 1.0])


def episodes_of(n=6, f=3):
    made = torch.randn(
        n, len(Y), f, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    made[:, Y == 1, 0] += 1.0
    return made


def test_the_loss_of_no_weights_is_log_two():
    made = episodes_of()
    head = LearnedHead()
    loss = head.loss(torch.zeros(3), made[:, Y == 0].float(), made[:, Y == 1].float())
    assert loss.item() == pytest.approx(math.log(2.0))


def test_the_loss_is_that_of_all_pairs_of_an_episode():
    made, w = episodes_of(), torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64)
    by_hand = [
        math.log1p(math.exp(float(row @ w - odd @ w)))
        for episode in made
        for row in episode[Y == 0]
        for odd in episode[Y == 1]
    ]
    head = LearnedHead(penalty=0.5)
    found = head.loss(w, made[:, Y == 0], made[:, Y == 1])
    assert found.item() == pytest.approx(np.mean(by_hand) + 0.5 * float(w @ w))


def test_an_episode_of_weight_two_counts_as_two():
    made, w = episodes_of(3), torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64)
    head = LearnedHead()
    of = made[:, Y == 0], made[:, Y == 1]
    twice = torch.cat([made, made[:1]])
    found = head.loss(w, *of, torch.tensor([2.0, 1.0, 1.0]))
    expected = head.loss(w, twice[:, Y == 0], twice[:, Y == 1])
    assert found.item() == pytest.approx(expected.item())
    weights = [
        LearnedHead().fit(made, Y, [2.0, 1.0, 1.0]).weights_,
        LearnedHead().fit(twice, Y).weights_,
    ]
    torch.testing.assert_close(*weights, atol=1e-5, rtol=0)


def test_the_weights_are_a_minimum_by_finite_differences():
    made, head = episodes_of(), LearnedHead(penalty=1e-2, iterations=200)
    head.fit(made, Y)
    of = made[:, Y == 0], made[:, Y == 1]
    best, step = head.loss(head.weights_, *of).item(), 1e-4
    for i in range(3):
        e = torch.zeros(3, dtype=torch.float64)
        e[i] = step
        up, down = (head.loss(head.weights_ + s * e, *of).item() for s in (1, -1))
        assert min(up, down) >= best
        assert (up - down) / (2 * step) == pytest.approx(0.0, abs=1e-4)


def test_the_number_that_tells_weighs_most_and_anomalies_score_more():
    made, head = episodes_of(200), LearnedHead()
    scores = head.fit(made, Y).score(made)
    assert head.weights_.abs().argmax() == 0
    assert scores[:, Y == 1].mean() > scores[:, Y == 0].mean()


def test_more_penalty_means_less_weight():
    made = episodes_of(50)
    sizes = [LearnedHead(penalty=p).fit(made, Y).weights_.norm() for p in (1e-3, 1.0)]
    assert sizes[0] > sizes[1]


def test_the_weights_do_not_depend_on_the_order_of_episodes():
    made = episodes_of(50)
    a, b = (
        LearnedHead(iterations=200).fit(m, Y).weights_ for m in (made, made.flip(0))
    )
    torch.testing.assert_close(a, b, atol=1e-5, rtol=0)


@pytest.mark.parametrize("y", [[0] * 5, [1] * 5])
def test_a_head_wants_both_kinds_of_rows(y):
    with pytest.raises(ValueError, match="y must hold 0 and 1"):
        LearnedHead().fit(episodes_of(), y)


def test_directions_of_zero_stay():
    assert unit(torch.zeros(1, 3)).tolist() == [[0.0, 0.0, 0.0]]
