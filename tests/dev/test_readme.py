"""The two READMEs tell the same: the same commands, figures and pictures, and every file they name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"


def commands(readme: Path) -> list[str]:
    """The lines of all code blocks, without what `#` says to people."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", readme.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    lines = [re.sub(r"(^|\s)# .*", "", line).rstrip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def figures(readme: Path) -> list[str]:
    """Every number in the rows of figures, in order."""
    text = readme.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\|.*\d \|$", line)]
    return [number for row in rows for number in re.findall(r"\d[\d,.]*", row)]


def test_both_readmes_give_the_same_commands() -> None:
    assert commands(CHINESE) == commands(ENGLISH)


def test_both_readmes_give_the_same_figures() -> None:
    assert figures(CHINESE) == figures(ENGLISH)


@pytest.mark.parametrize("readme", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_what_a_readme_names_is_there(readme: Path) -> None:
    named = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", readme.read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [one for one in named if not (ROOT / one).exists()] == []
