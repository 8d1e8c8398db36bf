"""The index of all published reports, read back."""

from __future__ import annotations

import multiprocessing
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from homes import NAME, make_home
from index_folders import publish
from published import page_of

from finops_nb import index_page
from finops_nb.errors import Busy
from finops_nb.export import audit
from finops_nb.home import Home
from finops_nb.index_page import write_index
from finops_nb.lock import hold
from finops_nb.run import run


@pytest.fixture
def home(tmp_path) -> Home:
    (tmp_path / "outputs").mkdir()
    return Home(tmp_path)


def rows(file: Path, table: str = "months") -> list[list[str]]:
    return [[" ".join(cell.text_content().split()) for cell in row] for row in page_of(file).xpath(f"//div[@id='{table}']//tbody/tr")]


def test_it_lists_the_months_newest_first(home):
    """It has 3.01 of a budget of 4.00, a change of 0.00 where the month before is published, and empty where it is not."""
    for month in ("2025-10", "2025-12", "2025-11"):
        publish(home.outputs, month)
    found = rows(write_index(home))
    assert found[0] == ["December 2025", "$3.01", "$0.00", "$4.00", "-$1.00 (-24.9%)", "UNDER", "", "Results"]
    assert [(line[0], line[2]) for line in found] == [("December 2025", "$0.00"), ("November 2025", "$0.00"), ("October 2025", "")]


def test_it_compares_like_with_like_only(home):
    """It has no change against another currency, nor of a month that still runs, which is marked."""
    publish(home.outputs, "2025-10", currency="EUR")
    publish(home.outputs, "2025-11")
    publish(home.outputs, "2025-12")
    text = (home.outputs / "2025-12" / "results.json").read_text().replace('"complete": true', '"complete": false')
    (home.outputs / "2025-12" / "results.json").write_text(text)
    found = rows(write_index(home))
    assert [(line[0], line[2]) for line in found] == [("December 2025PARTIAL", ""), ("November 2025", ""), ("October 2025", "")]


def test_every_link_leads_to_a_file(home):
    """It names only files that are there, by relative links, whatever is in a folder's name."""
    for name, period in (("2025-12", None), ("scenarios/more & less", "2025-12"), ("analysis/a#b?c%41", "2025-Q4")):
        publish(home.outputs, name, period)
    page = page_of(write_index(home))
    links = page.xpath("//a/@href")
    assert len(links) == 6
    assert all((home.outputs / unquote(link)).is_file() for link in links)


def test_what_is_not_official_stands_apart_with_its_stamp(home):
    """It marks a what-if by its reason, as text, and an analysis as not for booking."""
    publish(home.outputs, "scenarios/x", "2025-12")
    publish(home.outputs, "analysis/2025-Q4", "2025-Q4")
    file = write_index(home)
    assert [line[0] for line in rows(file, "others")] == [
        "December 2025WHAT-IF: <b> morescenarios/x",
        "Q4 2025ANALYSIS · NOT FOR BOOKINGanalysis/2025-Q4",
    ]
    assert "No month is published yet." in page_of(file).text_content()


def test_it_names_what_it_can_not_read(home):
    """It leaves nothing out in silence."""
    publish(home.outputs, "2025-12", text="{")
    assert "2025-12: its results can't be read. Run it again." in page_of(write_index(home)).text_content()


def test_it_is_inert_and_the_same_for_the_same_reports(home):
    """It runs nothing, loads nothing, and holds no clock and no path."""
    publish(home.outputs, "2025-12")
    publish(home.outputs, "scenarios/<script>alert(1)<", "2025-12")
    first = write_index(home).read_bytes()
    assert audit(first.decode(), links=True) == []
    assert audit(first.decode()) != []
    assert str(home.root).encode() not in first
    assert write_index(home).read_bytes() == first
    assert [file.name for file in sorted(home.outputs.iterdir())] == [".runs", "2025-12", "index.html", "scenarios"]


def test_the_days_have_a_shape(home):
    """It draws a sparkline of the days, with their highest in words."""
    publish(home.outputs, "2025-12")
    assert page_of(write_index(home)).xpath("//svg/@aria-label") == ["Cost by day, at most $2.00"]


def test_a_failed_write_leaves_the_index_as_it_was(home, monkeypatch):
    """It is whole, the old one, whatever call fails."""
    publish(home.outputs, "2025-11")
    before = write_index(home).read_bytes()
    publish(home.outputs, "2025-12")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write_index(home)
    assert (home.outputs / "index.html").read_bytes() == before


def test_two_publications_take_turns(home, monkeypatch):
    """It waits for the other one, and says who it is when that takes too long."""
    monkeypatch.setattr(index_page, "PAUSE", 0)
    with hold(home.outputs / ".runs", "~index.html", "rebuilt"), pytest.raises(Busy, match=r"index\.html is being rebuilt by process"):
        write_index(home)


def _publish_and_list(root: Path, month: str) -> None:
    publish(root / "outputs", month)
    write_index(Home(root))


def test_the_last_of_many_at_once_has_seen_all(home):
    """It lists every month that was published before it, however they meet."""
    months = [f"2025-{number:02}" for number in range(1, 9)]
    processes = [multiprocessing.get_context("spawn").Process(target=_publish_and_list, args=(home.root, month)) for month in months[:4]]
    for process in processes:
        process.start()
    for month in months[4:]:
        _publish_and_list(home.root, month)
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert len(rows(home.outputs / "index.html")) == 8


def test_a_run_rebuilds_it(tmp_path):
    """It is there after a publication; where it can't be written, the report is published all the same, and that is said."""
    home = make_home(tmp_path / "home")
    run(NAME, home)
    assert re.search(rf"{NAME}", (home.outputs / "index.html").read_text())
    (home.outputs / "index.html").unlink()
    (home.outputs / "index.html").mkdir()
    said = []
    run(NAME, home, force=True, notice=said.append)
    assert said == [f"The report is published; outputs/index.html is as it was: {said[0].rpartition(': ')[2]}"]
    assert (home.outputs / NAME / "organizational_alignment.html").is_file()
