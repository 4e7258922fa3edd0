"""Files appear whole or not at all."""

import errno
import os
import stat

import polars as pl
import pytest

from jaxw2v import InputError
from jaxw2v.atomic import follow_umask, named_where_full, renamed_when_complete


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with renamed_when_complete(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a"]


def test_what_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(TypeError), renamed_when_complete(tmp_path / "a") as temporary:
        temporary.write_text(7)
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "a").symlink_to(tmp_path / "far" / "b")
    with renamed_when_complete(tmp_path / "a") as temporary:
        assert temporary.parent == (tmp_path / "far").resolve()
        temporary.write_text("new")
    assert (tmp_path / "a").is_symlink()
    assert (tmp_path / "far" / "b").read_text() == "new"


def test_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    with (
        pytest.raises(InputError, match="is no plain file and is not replaced"),
        renamed_when_complete(tmp_path / "a"),
    ):
        raise AssertionError
    assert os.listdir(tmp_path) == ["a"]


def test_an_error_names_the_file_and_not_the_temporary_one(tmp_path):
    path = tmp_path / "none" / "a"
    with pytest.raises(FileNotFoundError) as raised, renamed_when_complete(path):
        raise AssertionError
    assert raised.value.filename == str(path)


def test_others_may_read_what_the_umask_lets_them(tmp_path):
    before = os.umask(0o027)
    try:
        with renamed_when_complete(tmp_path / "a"):
            pass
        (tmp_path / "b").mkdir(0o700)
        follow_umask(tmp_path / "b", 0o777)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"]
    assert modes == [0o640, 0o750]


@pytest.mark.parametrize(
    ("number", "name"), [(errno.ENOSPC, "a"), (errno.EDQUOT, "a"), (errno.EPIPE, None)]
)
def test_an_error_of_a_full_disk_names_the_file(tmp_path, number, name):
    reason = os.strerror(number)
    with pytest.raises(OSError, match=reason) as failed, renamed_when_complete(tmp_path / "a"):
        raise OSError(number, reason)
    assert failed.value.filename == (name and str(tmp_path / name))
    assert not os.listdir(tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize("write", [pl.DataFrame.write_parquet, pl.DataFrame.write_csv])
def test_a_full_disk_of_which_polars_tells_in_words(tmp_path, write):
    with pytest.raises(OSError, match="No space left") as failed, named_where_full(tmp_path / "a"):
        write(pl.DataFrame({"word": ["a"] * 100_000}), "/dev/full")
    assert failed.value.errno == errno.ENOSPC
    assert failed.value.filename == str(tmp_path / "a")
