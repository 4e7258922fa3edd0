"""``jaxw2v`` and ``python -m jaxw2v``."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs the command line, which is imported here so that Ctrl-C ends that too.

    Returns:
      The exit code, as of :func:`jaxw2v.cli.main`.
    """
    try:
        from jaxw2v import cli
    except KeyboardInterrupt:
        print("jaxw2v: error: interrupted", file=sys.stderr)
        return 130
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
