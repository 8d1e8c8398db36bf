"""The index of all published reports, read back."""

from __future__ import annotations

import errno
import itertools
import json
import multiprocessing
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.homes import NAME, make_home
from support.index_folders import publish, results_of
from support.lab import browser
from support.published import page_of

from finops_nb.errors import Busy
from finops_nb.home import Home
from finops_nb.outputs.lock import hold
from finops_nb.report.format import visible
from finops_nb.report.html_page import audit
from finops_nb.run import index_page
from finops_nb.run.index_page import write_index
from finops_nb.run.run import run


@pytest.fixture
def home(tmp_path) -> Home:
    (tmp_path / "outputs").mkdir()
    return Home(tmp_path)


def rows(file: Path, table: str = "months") -> list[list[str]]:
    return [
        [" ".join(cell.text_content().split()) for cell in row]
        for row in page_of(file).xpath(f"//div[@id='{table}']//tbody/tr")
    ]


def test_it_lists_the_months_newest_first(home):
    """It has 3.01 of a budget of 4.00, a change of 0.00 where the month before is published, and empty where it is not."""
    for month in ("2025-10", "2025-12", "2025-11"):
        publish(home.outputs, month)
    found = rows(write_index(home))
    assert found[0] == [
        "December 2025",
        "$3.01",
        "$0.00",
        "$4.00",
        "-$1.00 (-24.9%)",
        "UNDER",
        "",
        "Results",
    ]
    assert [(line[0], line[2]) for line in found] == [
        ("December 2025", "$0.00"),
        ("November 2025", "$0.00"),
        ("October 2025", ""),
    ]


def test_it_compares_like_with_like_only(home):
    """It has no change against another currency, nor of a month that still runs, which is marked."""
    publish(home.outputs, "2025-10", currency="EUR")
    publish(home.outputs, "2025-11")
    publish(home.outputs, "2025-12")
    text = (
        (home.outputs / "2025-12" / "results.json")
        .read_text()
        .replace('"complete": true', '"complete": false')
    )
    (home.outputs / "2025-12" / "results.json").write_text(text)
    found = rows(write_index(home))
    assert [(line[0], line[2]) for line in found] == [
        ("December 2025PARTIAL", ""),
        ("November 2025", ""),
        ("October 2025", ""),
    ]


def test_every_link_leads_to_a_file(home):
    """It names only files that are there, by relative links, whatever is in a folder's name."""
    for name, period in (
        ("2025-12", None),
        ("scenarios/more & less", "2025-12"),
        ("analysis/a#b?c%41", "2025-Q4"),
    ):
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
    assert (
        "2025-12: its results can't be read. Run it again."
        in page_of(write_index(home)).text_content()
    )


def test_it_leaves_out_no_month_that_claims_to_be_another(home):
    """It lists both of two reports that say they are of the same month."""
    publish(home.outputs, "2025-11")
    publish(home.outputs, "2025-12", text=results_of("2025-12", "2025-11", kind="official"))
    assert [line[0] for line in rows(write_index(home))] == ["November 2025", "November 2025"]


def test_a_long_reason_is_cut(home):
    """It says 159 characters of 10,000, and that there is more; the report has all of it."""
    params = {"period": "2025-12", "scenario": {"reason": "x" * 10_000}}
    publish(
        home.outputs,
        "scenarios/x",
        "2025-12",
        provenance={"key": "ab" * 32, "generated": "2026-01-01T00:00:00Z", "params": params},
    )
    assert page_of(write_index(home)).xpath("//small/bdi/text()") == [
        "WHAT-IF: " + "x" * 159 + "…",
        "scenarios/x",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '"><script>alert(1)</script>',
        "\N{RIGHT-TO-LEFT OVERRIDE}abc",
        "\x00\ud800",
        "世界 🎉",
        "{{ 7 * 7 }}",
    ],
)
def test_no_text_of_a_report_becomes_markup(home, text):
    """It prints it as it is, with a mark for what HTML can't hold."""
    opened = {"budget": "4", "variance": "-1", "variance_ratio": "-0.25", "status": text}
    tables = json.loads(results_of("2025-12", "2025-12"))["tables"] | {
        "executive_summary": [opened]
    }
    publish(home.outputs, "2025-12", currency=text, tables=tables)
    file = write_index(home)
    assert audit(file.read_text(encoding="utf-8"), links=True) == []
    assert rows(file)[0][5] == visible(text)


def test_months_of_three_years_stay_in_order(home):
    """It lists 36 months from the newest to the oldest, each compared with the one before."""
    months = [f"{year}-{month:02}" for year in (2023, 2024, 2025) for month in range(1, 13)]
    for month in sorted(months, key=lambda name: name[::-1]):
        publish(home.outputs, month)
    file = write_index(home)
    assert [link.split("/")[0] for link in page_of(file).xpath("//tbody//th/a/@href")] == months[
        ::-1
    ]
    assert [line[2] for line in rows(file)] == ["$0.00"] * 35 + [""]


def test_an_empty_home_has_an_index_too(home):
    """It says that there is nothing yet."""
    page = page_of(write_index(home))
    assert "No month is published yet." in page.text_content()
    assert not page.xpath("//table | //a")


def test_it_is_inert_and_the_same_for_the_same_reports(home):
    """It runs nothing, loads nothing, and holds no clock and no path."""
    publish(home.outputs, "2025-12")
    publish(home.outputs, "scenarios/<script>alert(1)<", "2025-12")
    first = write_index(home).read_bytes()
    assert audit(first.decode(), links=True) == []
    assert audit(first.decode()) != []
    assert str(home.root).encode() not in first
    assert write_index(home).read_bytes() == first
    assert [file.name for file in sorted(home.outputs.iterdir())] == [
        ".runs",
        "2025-12",
        "index.html",
        "scenarios",
    ]


def test_the_days_have_a_shape(home):
    """It draws the days over the whole month, of which three are there, with their highest in words."""
    publish(home.outputs, "2025-12")
    page = page_of(write_index(home))
    assert page.xpath("//svg/@aria-label") == ["Cost by day, at most $2.00"]
    # 3 pixels in, and the third of 31 days is two thirtieths of the 82 between the insets further
    assert page.xpath("//svg/circle/@cx") == ["8.5"]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "close", "replace"])
def test_a_failed_write_leaves_a_whole_index(home, monkeypatch, call):
    """It is the old one or the new one, and no draft stays, whichever call fails at whichever time."""
    publish(home.outputs, "2025-11")
    before = write_index(home).read_bytes()
    publish(home.outputs, "2025-12")
    after = write_index(home).read_bytes()
    (home.outputs / "index.html").write_bytes(before)
    for number in range(20):
        with monkeypatch.context() as patch:
            failing(patch, call, number)
            with suppress(OSError):
                write_index(home)
        assert (home.outputs / "index.html").read_bytes() in (before, after)
        assert not (home.outputs / ".index.html.new").exists()
    assert (home.outputs / "index.html").read_bytes() == after != before


def failing(patch: pytest.MonkeyPatch, call: str, number: int) -> None:
    """Let a call on a file fail once, after so many that work."""
    real, calls = getattr(os, call), itertools.count()

    def call_or_fail(*args, **options):
        done = real(*args, **options) if call == "close" else None
        if next(calls) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return done if call == "close" else real(*args, **options)

    patch.setattr(os, call, call_or_fail)


def test_a_failed_write_is_said(home, monkeypatch):
    """It raises what the disk said, for the run to pass on."""
    publish(home.outputs, "2025-12")
    failing(monkeypatch, "replace", 0)
    with pytest.raises(OSError, match="No space left"):
        write_index(home)
    assert not (home.outputs / "index.html").exists()


def test_two_publications_take_turns(home, monkeypatch):
    """It waits for the other one, and says who it is when that takes too long."""
    monkeypatch.setattr(index_page, "PAUSE", 0)
    with (
        hold(home.outputs / ".runs", "~index.html", "rebuilt"),
        pytest.raises(Busy, match=r"index\.html is being rebuilt by process"),
    ):
        write_index(home)


def _publish_and_list(root: Path, month: str) -> None:
    publish(root / "outputs", month)
    write_index(Home(root))


def test_the_last_of_many_at_once_has_seen_all(home):
    """It lists every month that was published before it, however they meet."""
    months = [f"2025-{number:02}" for number in range(1, 9)]
    processes = [
        multiprocessing.get_context("spawn").Process(
            target=_publish_and_list, args=(home.root, month)
        )
        for month in months[:4]
    ]
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
    assert said == [
        f"The report is published; outputs/index.html is as it was: {said[0].rpartition(': ')[2]}"
    ]
    assert (home.outputs / NAME / "organizational_alignment.html").is_file()


def test_a_run_that_has_nothing_to_do_mends_it(tmp_path):
    """Where a report's folder was deleted since, it is rebuilt; else it is not touched."""
    home = make_home(tmp_path / "home")
    publish(home.outputs, "analysis/2025 & Q4 é", "2025-Q4")
    run(NAME, home)
    index = home.outputs / "index.html"
    before = index.stat().st_mtime_ns
    run(NAME, home)
    assert (index.stat().st_mtime_ns, len(rows(index, "others"))) == (before, 1)
    shutil.rmtree(home.outputs / "analysis")
    run(NAME, home)
    assert rows(index, "others") == []


@pytest.mark.browser
def test_a_phone_shows_what_it_is_opened_for(home):
    """At 375 pixels period, total, variance and status stand on the screen, and the files after them are said to be there."""
    publish(home.outputs, "2025-12")
    page = write_index(home).read_text()
    with browser() as visit_of:
        visit = visit_of(375, 700)
        visit.page.set_content(page)
        ends = visit.page.evaluate(
            "[...document.querySelectorAll('tbody tr > *')].map(cell => cell.getBoundingClientRect().right)"
        )
        assert len(ends) == 8
        # Period, total, change, budget, variance, status; a cell that is not shown ends at 0.
        assert [end > 0 for end in ends] == [True, True, False, False, True, True, False, True]
        assert max(ends[:6]) <= 375
        assert visit.page.is_visible("text=Files stand to the right")
        wide = visit_of(1200, 700)
        wide.page.set_content(page)
        assert not wide.page.is_visible("text=Files stand to the right")
