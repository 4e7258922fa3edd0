"""``python -m jaxw2v``."""

import sys

from jaxw2v.cli import main

if __name__ == "__main__":
    sys.exit(main())
