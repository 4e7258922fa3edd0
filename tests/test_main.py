"""Before the command line is there."""

import importlib.metadata
import subprocess
import sys

INTERRUPTED_IMPORT = """
import sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "jaxw2v.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from jaxw2v.__main__ import main
sys.exit(main())
"""


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True)


def test_an_interrupt_while_the_command_line_is_imported_is_one_line():
    done = run("-c", INTERRUPTED_IMPORT)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "jaxw2v: error: interrupted\n")


def test_the_module_is_the_command():
    assert run("-m", "jaxw2v", "--version").stdout.startswith("jaxw2v ")
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="jaxw2v")
    assert script.value == "jaxw2v.__main__:main"
