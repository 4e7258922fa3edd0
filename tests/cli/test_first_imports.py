"""The garbage collector waits for imports, in a process that a command has begun."""

import gc
import subprocess
import sys

from jaxw2v.cli.first_imports import first_imports

PROGRAM = """
import gc, sys
from jaxw2v.cli.first_imports import first_imports
try:
    with first_imports():
        assert not gc.isenabled()
        import json.nothing
except ModuleNotFoundError:
    print(gc.isenabled(), gc.get_freeze_count() > 10_000, "jax" in sys.modules)
gc.unfreeze()
gc.disable()
with first_imports():
    pass
print(gc.isenabled(), gc.get_freeze_count())
"""


def test_what_a_command_imports_is_not_looked_at_again():
    """Even where an import fails; a collector that was off stays off."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True", "False", "False", "0"], done.stderr


def test_a_process_with_objects_of_its_own_is_left_alone():
    frozen = gc.get_freeze_count()
    with first_imports():
        assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
