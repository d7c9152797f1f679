"""A step is skipped only when everything it was made from is the same."""

from pathlib import Path

from tools.dev.stamps import Stamps, digest_of


def test_a_digest_follows_content_name_and_words(tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "a.ts").write_text("one")
    first = digest_of([source], "node 20")
    assert digest_of([source], "node 20") == first
    assert digest_of([source], "node 22") != first
    (source / "a.ts").write_text("two")
    second = digest_of([source], "node 20")
    (source / "a.ts").rename(source / "b.ts")
    assert len({first, second, digest_of([source], "node 20")}) == 3


def test_what_a_build_makes_does_not_count_as_its_source(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("one")
    before = digest_of([tmp_path])
    for made in ("dist", "node_modules", "__pycache__"):
        (tmp_path / made).mkdir()
        (tmp_path / made / "x").write_text("x")
    assert digest_of([tmp_path]) == before


def test_words_do_not_run_together() -> None:
    assert digest_of([], "ab", "c") != digest_of([], "a", "bc")


def test_a_step_is_fresh_only_for_the_digest_it_was_stamped_with(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "stamps")
    assert not stamps.is_fresh("web", "1")
    stamps.set("web", "1")
    assert stamps.is_fresh("web", "1")
    assert not stamps.is_fresh("web", "2")
    assert not stamps.is_fresh("schema", "1")
    stamps.forget("web")
    assert not stamps.is_fresh("web", "1")
