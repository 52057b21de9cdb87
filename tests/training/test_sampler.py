from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from textsiam.training.sampler import LengthBucketSampler


def _sampler(count: int, batch_size: int, *, balanced: bool = False, seed: int = 0) -> LengthBucketSampler:
    random = np.random.default_rng(count)
    labels = (random.random(count) < 0.2).astype(np.float32)
    labels[:2] = [0, 1]
    return LengthBucketSampler(
        random.integers(1, 40, count), labels, batch_size=batch_size, balanced=balanced, seed=seed
    )


@given(st.integers(2, 3000), st.integers(2, 300), st.integers(0, 5))
def test_every_pair_comes_once_an_epoch(count: int, batch_size: int, epoch: int) -> None:
    sampler = _sampler(count, batch_size)
    batches = sampler.batches(epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(count))
    assert len(batches) == sampler.batches_per_epoch
    assert max(map(len, batches)) <= batch_size
    assert sum(len(batch) != batch_size for batch in batches) <= 1


@given(st.integers(2, 2000), st.integers(2, 100))
def test_balanced_draws_both_classes_as_often(count: int, batch_size: int) -> None:
    sampler = _sampler(count, batch_size, balanced=True)
    labels = (np.random.default_rng(count).random(count) < 0.2).astype(int)
    labels[:2] = [0, 1]
    drawn = np.concatenate(sampler.batches(0))
    assert (labels[drawn] == 1).sum() == (labels[drawn] == 0).sum() == max((labels == 1).sum(), (labels == 0).sum())
    times = np.bincount(drawn, minlength=count)
    for label in (0, 1):  # no pair of a class comes twice more often than another
        assert np.ptp(times[labels == label]) <= 1
    assert len(sampler.batches(0)) == sampler.batches_per_epoch


def test_equal_seed_and_epoch_equal_batches() -> None:
    first, again = _sampler(500, 32, seed=3), _sampler(500, 32, seed=3)
    for epoch in range(3):
        assert all((a == b).all() for a, b in zip(first.batches(epoch), again.batches(epoch), strict=True))
    orders = [
        np.concatenate(s.batches(e)).tolist() for s, e in ((first, 0), (first, 1), (_sampler(500, 32, seed=4), 0))
    ]
    assert orders[0] != orders[1]
    assert orders[0] != orders[2]


def test_batches_hold_like_lengths_in_random_order() -> None:
    sampler = _sampler(20_000, 64)
    batches = sampler.batches(0)
    spread = np.mean([np.ptp(sampler.lengths[batch]) for batch in batches])
    assert spread < 3  # all lengths: 39
    means = np.array([sampler.lengths[batch].mean() for batch in batches])
    assert abs(np.corrcoef(np.arange(len(means)), means)[0, 1]) < 0.2
