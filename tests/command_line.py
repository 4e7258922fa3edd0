"""Settings of a small run, and how a command fails."""

from jaxw2v.cli import main

SMALL = ["--min-count", "1", "--embedding-dim", "8", "--epochs", "1"]


def fails(capsys, arguments, *fragments, code=2):
    assert main(arguments) == code
    err = capsys.readouterr().err.replace("\r", "\n").splitlines()[-1]
    assert err.startswith("jaxw2v: error: ")
    for fragment in fragments:
        assert fragment in err
