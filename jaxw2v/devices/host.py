"""Where to put arrays that are loaded only to be handed on."""

from __future__ import annotations

import jax
from jax.sharding import SingleDeviceSharding


def on_host() -> SingleDeviceSharding:
    """The CPU, where JAX may use it; otherwise the first device."""
    try:
        return SingleDeviceSharding(jax.local_devices(backend="cpu")[0])
    except RuntimeError:
        # JAX_PLATFORMS names accelerators only.
        return SingleDeviceSharding(jax.local_devices()[0])
