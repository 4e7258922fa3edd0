"""What a run would take, without running it."""

import importlib.util
import json

import jax
import pytest

from jaxw2v.cli import main
from jaxw2v.training.setup import forecast


def test_plan_prints_json(capsys):
    size = ["plan", "--vocab", "200000", "--embedding-dim", "64", "--mesh", "1x8"]
    assert main([*size, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["memory_bytes"]["tables"] == 2 * 200_192 // 8 * 64 * 4
    assert set(figures["traffic_bytes"]) == {"ids", "lookups", "gradients", "scores"}


@pytest.mark.parametrize("target", ["h200", "v5e:2x2"])
def test_a_compiler_that_is_not_there_or_too_old_is_named(target, capsys, monkeypatch):
    command = ["plan", "--vocab", "2000", "--target", target]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(jax, "__version__", "0.12.1")
    assert main(command) == 2
    assert "its compiler is not installed; in an environment" in capsys.readouterr().err
    monkeypatch.setattr(jax, "__version__", "0.10.2")
    assert main(command) == 2
    assert "JAX 0.10.2 cannot compile for devices that are not here" in capsys.readouterr().err


def test_plan_fits_tables_into_the_memory_of_its_target(monkeypatch):
    memory = []
    monkeypatch.setattr(forecast, "report", lambda job, footprint, device: memory.append(device))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for options in (["v5e:2x2"], ["h200"], ["h200", "--device-memory", "20"]):
        assert main(["plan", "--vocab", "2000", "--target", *options]) == 2
    assert memory == [16 * 2**30, 151_397_597_184, 20 * 2**30]


def test_plan_says_what_a_run_would_take(capsys):
    size = ["plan", "--vocab", "200000", "--embedding-dim", "64"]
    assert main([*size, "--mesh", "4x8", "--device-memory", "0.1"]) == 0
    printed = capsys.readouterr().out
    # Two tables of 200,192 rows, cut in 8: 12.2 MiB; a number for each row.
    assert "tables                 12.2" in printed
    assert "moments                 0.2" in printed
    assert "32x1" in printed
    assert "1x32" in printed
    assert "does not fit" in printed
    assert main([*size, "--device-memory", "0.05"]) == 0
    assert "smaller --embedding-dim" in capsys.readouterr().out
    for wrong, message in (
        (["plan", "--vocab", "1"], "give 2 words or more"),
        ([*size, "--mesh", "3x3"], "a power of two"),
        ([*size, "--mesh", "1x1x2", "--output-layer", "softmax"], "needs whole rows"),
        ([*size, "--target", "h300"], "target is 'h300'; it must be h100, h200, or a TPU"),
        ([*size, "--target", "h200:2x2"], "target is 'h200:2x2'"),
        ([*size, "--target", "v5e"], "target is 'v5e'"),
    ):
        assert main(wrong) == 2
        assert message in capsys.readouterr().err
