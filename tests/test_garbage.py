"""Garbage: a process of the kit looks for it after many new objects, not after a few hundred."""

from __future__ import annotations

import gc

import pytest

from finops_nb.garbage import collect_rarely


@pytest.fixture
def thresholds():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("thresholds")
def test_garbage_is_looked_for_rarely_and_still_found():
    """100,000 new objects start a collection; fewer than that do not."""
    collect_rarely()
    gc.collect()
    before = sum(each["collections"] for each in gc.get_stats())
    kept = [[] for _ in range(50_000)]
    assert sum(each["collections"] for each in gc.get_stats()) == before
    kept += [[] for _ in range(60_000)]
    assert sum(each["collections"] for each in gc.get_stats()) > before
