"""Settings of every test: 8 virtual CPU devices, strict shapes, a cache of its own."""

import os

os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
)
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import pytest

jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """Keeps the tests away from the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("JAXW2V_CACHE", str(folder))
    return folder
