"""Every message of an error with its remedy, from the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PARTS = {
    "cli": "Options and commands",
    "config": "Settings",
    "setting_rules": "Settings",
    "compression": "Text",
    "corpus": "Text",
    "devices": "Devices",
    "ownership": "Folders and files",
    "run_folder": "Folders and files",
    "atomic": "Folders and files",
    "epoch_records": "Folders and files",
    "sampling": "Sampling",
    "losses": "Losses and models",
    "models": "Losses and models",
    "tokenizer_names": "Text",
    "training": "Training, checkpoints, going on",
    "vectors": "Vectors and sets of questions",
    "subwords": "Subwords",
    "plots": "Plots",
}
# Most messages say what to do after a semicolon, some of the others by what they expect; for the
# rest, by what is in them.
EXPECTS = r"expected|must|needs?\b|one of|, not |such as| or |only"
REMEDIES = (
    (
        r"damaged|cut short|do not (fit|go with)|no tokenizer|promises",
        "fetch it again, or restore it",
    ),
    (
        r"cannot be (read|opened)|cannot read|cannot download|REFUSAL",
        "see the reason that is named",
    ),
    (r"no such|does not exist|is not there", "check the path, or make the folder"),
    (r"is empty|holds no|has no word", "give another file, or name its column"),
    (
        r"twice|surrogate|finite|byte order mark|stands for",
        "change that word or number in the file",
    ),
    (r"a device, not a file|no such grid", "give another one"),
    (r"has no effect|is unknown", "leave it out, or give another"),
)


class Message(NamedTuple):
    """A message.

    Attributes:
      title: what it is about.
      problem: what is wrong, with capitals for what differs from case to case.
      remedy: what to do; empty where nothing says so.
    """

    title: str
    problem: str
    remedy: str


def listing(package: Path) -> str:
    """The messages as tables in Markdown.

    Args:
      package: the folder of the package.

    Returns:
      The tables.
    """
    lines, title = [], None
    for message in _messages(package):
        if message.title != title:
            title = message.title
            lines += ["", f"### {title}", "", "| message | what to do |", "|---|---|"]
        problem = message.problem.replace("|", "\\|").replace("`", "'")
        lines.append(f"| `{problem}` | {_plain(message.remedy)} |")
    return "\n".join([*lines, ""])


def without_remedy(package: Path) -> Iterator[str]:
    """Messages that leave a user alone.

    Args:
      package: the folder of the package.

    Yields:
      A line for each.
    """
    for message in _messages(package):
        if not message.remedy:
            yield f"no remedy: {message.title}: {message.problem}"


def _messages(package: Path) -> list[Message]:
    """The messages; those that are put together of other texts are not among them."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        part = path.relative_to(package).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "InputError":
                for text in _texts(node.args[0]):
                    if len(re.findall(r"\b[a-z]+\b", text)) > 1:
                        found[text] = _message(PARTS[part], text)
    return sorted(found.values())


def _message(title: str, text: str) -> Message:
    problem, _, remedy = text.partition("; ")
    if not remedy:
        found = [advice for pattern, advice in REMEDIES if re.search(pattern, problem)]
        if found:
            remedy = found[0]
        elif re.search(EXPECTS, problem):
            remedy = "give what it names"
    return Message(title, problem, remedy)


def _texts(node: ast.expr) -> Iterator[str]:
    """What an expression may be, as far as it stands there."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(_piece(value) for value in node.values)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from (
            left + right for left in _texts(node.left) for right in [*_texts(node.right)] or [""]
        )


def _piece(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    assert isinstance(value, ast.FormattedValue)
    inside = value.value
    if isinstance(inside, ast.Attribute):
        return inside.attr.upper()
    return inside.id.upper() if isinstance(inside, ast.Name) else "…"


def _plain(text: str) -> str:
    """As it stands, whatever Markdown would make of it."""
    return re.sub(r"([|*_<>\[\]`{}$])", r"\\\1", text)
