import pytest

from jaxw2v import InputError
from jaxw2v.devices.scatter_fault import WORKAROUND, check_scatter


@pytest.mark.parametrize("version", ["0.10.2", "0.11.0", "0.11.0.dev20260901"])
def test_an_affected_jaxlib_on_cuda_is_refused(version):
    with pytest.raises(InputError, match=r"0\.11\.1") as error:
        check_scatter("PJRT C API\ncuda 13000", version, "")
    assert WORKAROUND in str(error.value)
    check_scatter("cuda 13000", version, f"--other {WORKAROUND}")
    check_scatter("cpu", version, "")


@pytest.mark.parametrize("version", ["0.11.1", "0.11.2", "0.12.0", "1.0"])
def test_a_mended_jaxlib_is_fine(version):
    check_scatter("cuda 13000", version, "")
