"""Where arrays lie that are read only to be handed on."""

from types import SimpleNamespace

import jax

from jaxw2v.devices.host import on_host


def test_a_process_that_may_use_accelerators_only(monkeypatch):
    assert on_host().device_set == {jax.devices("cpu")[0]}
    other = SimpleNamespace(platform="gpu")

    def devices(backend=None):
        if backend == "cpu":
            raise RuntimeError("Unknown backend cpu")
        return [other]

    monkeypatch.setattr("jax.local_devices", devices)
    monkeypatch.setattr("jaxw2v.devices.host.SingleDeviceSharding", lambda device: device)
    assert on_host() is other
