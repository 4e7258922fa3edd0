"""How programs are compiled for devices."""

from types import SimpleNamespace

import jax.numpy as jnp
import pytest

from jaxw2v.devices.compiler_options import (
    COMMAND_BUFFER,
    GRAPHS,
    NATIVE_ATOMICS,
    SAME_BITS,
    compiler_options,
)
from jaxw2v.devices.layout import EVERYWHERE, Layout

MENDED = "0.11.1"


def test_loops_on_a_gpu_go_into_graphs_unless_the_user_says_otherwise(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=8")
    assert compiler_options("gpu", False, MENDED) == GRAPHS
    assert compiler_options("gpu", True, MENDED) == GRAPHS | SAME_BITS
    monkeypatch.setenv("XLA_FLAGS", f"--{COMMAND_BUFFER}=")
    assert compiler_options("gpu", False, MENDED) is None
    assert compiler_options("gpu", True, MENDED) == SAME_BITS


@pytest.mark.parametrize("version", ["0.10.2", "0.11.0", "0.11.0.dev20260901"])
def test_a_jaxlib_that_adds_by_compare_and_swap_is_told_not_to(version):
    assert compiler_options("gpu", False, version) == GRAPHS | NATIVE_ATOMICS
    for mended in ("0.11.1", "0.11.2", "0.12.0.1", "1.0"):
        assert compiler_options("gpu", False, mended) == GRAPHS


@pytest.mark.parametrize("platform", ["cpu", "tpu"])
def test_no_other_device_is_given_what_a_gpu_needs(platform):
    assert compiler_options(platform, True, "0.10.2") is None


@pytest.mark.parametrize("version", ["0.10.2", MENDED])
def test_this_jaxlib_knows_the_options(monkeypatch, version):
    """It would refuse a name or a value that it does not."""
    monkeypatch.setattr("jax.local_devices", lambda: [SimpleNamespace(platform="gpu")])
    monkeypatch.setattr(
        "jaxw2v.devices.layout.compiler_options",
        lambda platform, deterministic: compiler_options(platform, deterministic, version),
    )
    layout = Layout(None, 5, 3, in_order=True)
    program = layout.program(lambda x: x + 1, EVERYWHERE, EVERYWHERE)
    assert program(jnp.ones(2)).tolist() == [2, 2]
