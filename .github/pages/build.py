"""Makes the pages: ``python .github/pages/build.py FOLDER``.

Hand-written pages, README.md, the experiments and their tables as they are in the repository, an
API reference from the docstrings, and every message of an error from the code. Fails on a link or a
reference to nothing, a public name without documentation and a message without a remedy.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import api
import errors
import links
from sphinx.cmd.build import build_main

PAGES = Path(__file__).parent
ROOT = PAGES.parents[1]
CONTENTS = {
    "Use": ("experiments/from_gensim/README", "settings", "vectors", "runs", "devices", "trouble"),
    "Build on": ("python", "api/index"),
    "Learn": ("experiments/from_the_ground_up/README", "experiments/README"),
    "Inside": ("jaxw2v/DESIGN", "CONTRIBUTING", "jaxw2v/CHANGELOG"),
}


def write_sources(folder: Path) -> None:
    """Writes all that Sphinx reads.

    Args:
      folder: an empty folder.
    """
    shutil.copy(PAGES / "conf.py", folder)
    for page in PAGES.glob("*.md"):
        links.copy_page(page, folder / page.name, ROOT)
    links.copy_page(ROOT / "README.md", folder / "index.md", ROOT)
    links.copy_page(PAGES.parent / "CONTRIBUTING.md", folder / "CONTRIBUTING.md", ROOT)
    for name in ("DESIGN.md", "CHANGELOG.md"):
        links.copy_page(ROOT / "jaxw2v" / name, folder / "jaxw2v" / name, ROOT)
    for page in sorted((ROOT / "experiments").rglob("*.md")):
        links.copy_page(page, folder / page.relative_to(ROOT), ROOT)
    for picture in (ROOT / "experiments").rglob("*.png"):
        shutil.copy(picture, folder / picture.relative_to(ROOT))
    api.write(folder / "api")
    with open(folder / "trouble.md", "a") as file:
        file.write(errors.listing(ROOT / "jaxw2v"))
    with open(folder / "index.md", "a") as file:
        file.writelines(_toctree(caption, pages) for caption, pages in CONTENTS.items())
    with open(folder / "experiments" / "README.md", "a") as file:
        pages = sorted(
            str(page.relative_to(folder / "experiments").with_suffix(""))
            for page in folder.glob("experiments/*/*.md")
        )
        for elsewhere in ("from_gensim", "from_the_ground_up"):
            pages.remove(f"{elsewhere}/README")
        file.write(_toctree("Experiments", pages))


def _toctree(caption: str, pages: tuple[str, ...] | list[str]) -> str:
    lines = "\n".join(pages)
    return f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n"


def main() -> int:
    """Builds the pages into the folder that is named.

    Returns:
      The exit code.
    """
    if len(sys.argv) != 2:
        print("python .github/pages/build.py FOLDER", file=sys.stderr)
        return 2
    problems = [*api.undocumented(), *errors.without_remedy(ROOT / "jaxw2v")]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    with tempfile.TemporaryDirectory() as folder:
        write_sources(Path(folder))
        return build_main(["-q", "-n", "-W", "--keep-going", "-E", folder, sys.argv[1]])


if __name__ == "__main__":
    sys.exit(main())
