"""Ctrl-C."""

import os
import signal

import pytest

from jaxw2v.training.loop.interrupt import deferred_interrupt


def test_ctrl_c_waits_for_the_end_of_a_chunk_and_a_second_one_does_not():
    with deferred_interrupt() as interrupted:
        assert not interrupted()
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
