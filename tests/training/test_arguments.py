"""What is given to train and fit is of the right kind."""

import pytest

import jaxw2v
from jaxw2v.training import fit


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"config": {"epochs": 1}}, "^config is .*give jaxw2v.Config"),
        ({"optimizer": "adam"}, "^optimizer is 'adam'; give an Optax one"),
        ({"callbacks": jaxw2v.Callback()}, "^callbacks is .*give a list"),
        ({"callbacks": [print]}, "^callbacks hold .*subclasses of jaxw2v.Callback"),
        ({"mesh": 2}, "^mesh is 2; .*such as '4x2'"),
        ({"checkpointing": 3}, "^checkpointing is 3; give jaxw2v.Checkpointing"),
    ],
)
def test_another_kind_is_refused_before_anything_is_read(arguments, message):
    with pytest.raises(jaxw2v.InputError, match=message):
        jaxw2v.train("no such file", **arguments)
    with pytest.raises(jaxw2v.InputError, match=message):
        fit(None, **{"config": jaxw2v.Config(), **arguments})
