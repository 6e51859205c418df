"""The gallery shows what is drawn today."""

from __future__ import annotations

import re

import pytest

from tests.viz import gallery


@pytest.fixture(scope="module")
def made():
    return {name: text.encode() for name, text in gallery.pages()}


def test_pictures_and_text_are_those_of_today(made):
    """If not: python -m tests.viz.gallery, and look at what has changed."""
    for name, content in made.items():
        assert (gallery.FOLDER / name).read_bytes() == content, f"{name} is out of date"


def test_every_picture_is_shown_and_every_one_shown_is_there(made):
    text = made["../README.md"].decode()
    shown = set(re.findall(r"\(gallery/(.*?)\)", text))
    assert shown == {path.name for path in gallery.FOLDER.iterdir()}


def test_all_programs_are_there_in_both_directions(made):
    for program in gallery.programs.PROGRAMS:
        assert {f"{program.__name__}_forward.svg", f"{program.__name__}_backward.svg"} <= made.keys()


def test_links_lead_somewhere(made):
    for link in re.findall(r"\]\((?!http)(.*?)\)", made["../README.md"].decode()):
        assert (gallery.FOLDER.parent / link).exists()
