"""Devices that are not here, by name."""

import importlib.util

import jax
import pytest

from jaxw2v import InputError
from jaxw2v.devices.targets import check_compiler, find_target, target_mesh


def test_what_makers_say_of_each():
    for name, platform, memory, fastest in (
        ("h100", "cuda", 80, 990e12),
        ("h200", "cuda", 141, 990e12),
        ("v5e:2x2", "tpu", 16, 197e12),
        ("v6e:2x4", "tpu", 32, 918e12),
        ("v4:2x2x1", "tpu", 32, 275e12),
    ):
        target = find_target(name)
        assert (target.name, target.platform) == (name, platform)
        assert target.memory == pytest.approx(memory * 2**30, rel=0.03)
        assert target.flops["bfloat16"] == fastest
        assert target.flops["float32"] < target.flops["tensorfloat32"] <= fastest
        assert target.link_bandwidth < target.memory_bandwidth


@pytest.mark.parametrize("name", ["h300", "H200", "h200:2x2", "v5e", "v5e:2", "v5e:2x", "v5e:axb"])
def test_a_name_of_none_is_refused(name):
    with pytest.raises(InputError, match=f"target is '{name}'; it must be h100, h200, or a TPU"):
        find_target(name)


def test_a_compiler_has_to_be_there_and_new(monkeypatch):
    target = find_target("h200")
    monkeypatch.setattr(jax, "__version__", "0.11.9")
    with pytest.raises(InputError, match=r"JAX 0\.11\.9 cannot compile for devices"):
        check_compiler(target)
    monkeypatch.setattr(jax, "__version__", "0.12.0")

    def missing(name):
        raise ModuleNotFoundError(name)

    for find_spec in (lambda name: None, missing):
        monkeypatch.setattr(importlib.util, "find_spec", find_spec)
        with pytest.raises(InputError, match="its compiler is not installed; in an environment"):
            target_mesh(target, (1, 8, 1))
    asked = []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: asked.append(name) or name)
    check_compiler(target)
    check_compiler(find_target("v5e:2x2"))
    assert asked == ["jax_plugins.xla_cuda13", "libtpu"]
