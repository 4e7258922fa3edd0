"""How programs are compiled for devices."""

from types import SimpleNamespace

import jax.numpy as jnp

from jaxw2v.devices.layout import COMMAND_BUFFER, EVERYWHERE, GPU_OPTIONS, Layout


def test_loops_on_a_gpu_go_into_graphs_unless_the_user_says_otherwise(monkeypatch):
    layout = Layout(None, 5)
    assert layout._compiler_options is None
    monkeypatch.setattr("jax.local_devices", lambda: [SimpleNamespace(platform="gpu")])
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=8")
    assert layout._compiler_options == GPU_OPTIONS
    # This jaxlib knows the options: it would refuse a name or a value that it does not.
    assert layout.program(lambda x: x + 1, EVERYWHERE, EVERYWHERE)(jnp.ones(2)).tolist() == [2, 2]
    monkeypatch.setenv("XLA_FLAGS", f"--{COMMAND_BUFFER}=")
    assert layout._compiler_options is None
