"""Runs that differ in nothing but their seed, taken together."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence


def by_settings(runs: list[dict], names: Sequence[str]) -> list[tuple[dict, list[dict]]]:
    """Groups runs.

    Args:
      runs: records.
      names: of the entries that runs of a group share.

    Returns:
      These entries and the runs of each group, in the order of their first runs.
    """
    groups: dict[str, tuple[dict, list[dict]]] = {}
    for run in runs:
        shared = {name: run[name] for name in names}
        groups.setdefault(json.dumps(shared), (shared, []))[1].append(run)
    return list(groups.values())


def means(runs: list[dict], names: Sequence[str]) -> dict[str, float]:
    """Means of what was measured.

    Args:
      runs: of one group.
      names: of the entries; those that the runs lack are left out.

    Returns:
      The mean of each.
    """
    return {name: statistics.mean(run[name] for run in runs) for name in names if name in runs[0]}
