"""How sure a difference of scores is: pairs and questions are drawn anew."""

from __future__ import annotations

import numpy as np
from scipy import stats

from experiments.scores import SCORES


def difference(
    ours: list[dict[str, list]], theirs: list[dict[str, list]], draws: int = 1_000
) -> dict[str, list[float]]:
    """Interval of 95% for our score minus theirs, by paired bootstrap.

    The pairs of a set (the questions) are drawn with replacement, the same for every run of both
    systems, and the difference of the mean scores over runs is taken, ``draws`` times (Efron 1979).

    Args:
      ours: the answers of each of our runs, from :func:`experiments.scores.answers`.
      theirs: of each of theirs.
      draws: how often (times).

    Returns:
      By name of the set the 2.5th and the 97.5th percentile.
    """
    rng = np.random.default_rng(0)
    intervals = {}
    for name in SCORES:
        of_ours, of_theirs = (np.asarray([run[name] for run in runs]) for runs in (ours, theirs))
        count = of_ours.shape[1]
        found = []
        for chosen in rng.integers(0, count, (draws, count)):
            scores = [_mean_score(runs[:, chosen]) for runs in (of_ours, of_theirs)]
            found.append(scores[0] - scores[1])
        intervals[name] = [float(bound) for bound in np.nanpercentile(found, [2.5, 97.5])]
    return intervals


def _mean_score(runs: np.ndarray) -> float:
    if runs.ndim == 2:
        return float(runs.mean())
    return float(np.mean([stats.spearmanr(run[:, 0], run[:, 1]).statistic for run in runs]))
