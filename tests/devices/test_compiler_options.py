"""How programs are compiled for devices."""

from types import SimpleNamespace

import jax.numpy as jnp

from jaxw2v.devices.compiler_options import COMMAND_BUFFER, GRAPHS, SAME_BITS, compiler_options
from jaxw2v.devices.layout import EVERYWHERE, Layout


def test_loops_on_a_gpu_go_into_graphs_unless_the_user_says_otherwise(monkeypatch):
    assert compiler_options("cpu") is None
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=8")
    assert compiler_options("gpu") == GRAPHS
    assert compiler_options("gpu", deterministic=True) == GRAPHS | SAME_BITS
    monkeypatch.setenv("XLA_FLAGS", f"--{COMMAND_BUFFER}=")
    assert compiler_options("gpu") is None
    assert compiler_options("gpu", deterministic=True) == SAME_BITS


def test_no_other_device_is_given_what_a_gpu_needs():
    assert compiler_options("cpu", deterministic=True) is None
    assert compiler_options("tpu", deterministic=True) is None


def test_this_jaxlib_knows_the_options(monkeypatch):
    """It would refuse a name or a value that it does not."""
    monkeypatch.setattr("jax.local_devices", lambda: [SimpleNamespace(platform="gpu")])
    layout = Layout(None, 5, 3, in_order=True)
    program = layout.program(lambda x: x + 1, EVERYWHERE, EVERYWHERE)
    assert program(jnp.ones(2)).tolist() == [2, 2]
