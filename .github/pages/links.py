"""Pages of the repository as pages of a site: links to folders are links to what is in them."""

from __future__ import annotations

import os
import re
from pathlib import Path

# Code, which is left alone, or a link.
LINK = re.compile(r"`[^`\n]*`|(?<!!)\[([^\]]+)\]\(([^)#:]+)(#[^)]*)?\)")
BLOCK = re.compile(r"(```.*?```)", re.DOTALL)
MOVED = {".github/pages/": "", ".github/CONTRIBUTING.md": "CONTRIBUTING.md"}


def copy_page(page: Path, copy: Path, root: Path) -> None:
    """Copies a page; links to what is no page become plain text.

    Args:
      page: a page of the repository.
      copy: where it shall be, in a folder that stands for the root.
      root: the root of the repository.

    Raises:
      ValueError: a link leads nowhere.
    """
    here = _place(page, root).parent

    def link(found: re.Match) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        if text is None:
            return found[0]
        path = (page.parent / target).resolve()
        if path.is_dir():
            path /= "README.md"
        if not path.exists():
            raise ValueError(f"{page}: a link leads to {target}, which is not there")
        if path.suffix != ".md":
            return text if "`" in text else f"`{text}`"
        return f"[{text}]({os.path.relpath(_place(path, root), here)}{anchor})"

    parts = BLOCK.split(page.read_text())
    parts[::2] = [LINK.sub(link, part) for part in parts[::2]]
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text("".join(parts))


def _place(page: Path, root: Path) -> Path:
    """Where a page of the repository is on the site."""
    path = page.resolve().relative_to(root.resolve()).as_posix()
    for old, new in MOVED.items():
        path = path.replace(old, new)
    return Path("index.md" if path == "README.md" else path)
