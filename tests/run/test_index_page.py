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
from finops_nb.report.html_export import audit
from finops_nb.run import index_page
from finops_nb.run.index_page import write_index
from finops_nb.run.run import run


def rows(file: Path, table: str = "months") -> list[list[str]]:
    return [
        [" ".join(cell.text_content().split()) for cell in row]
        for row in page_of(file).xpath(f"//div[@id='{table}']//tbody/tr")
    ]


def test_it_lists_the_months_newest_first(home):
    """A row has $3.01 of $4.00, and a change of $0.00 if the month before is published.

    $3.005 − $4.00 is -$0.995 and prints as -$1.00, a cent more than $3.01 − $4.00.
    """
    for month in ("2025-10", "2025-12", "2025-11"):
        publish(home.outputs, month)
    listed = rows(write_index(home))
    assert listed[0] == [
        "December 2025",
        "$3.01",
        "$0.00",
        "$4.00",
        "-$1.00 (-24.9%)Rounding -$0.01",
        "UNDER",
        "",
        "Data (JSON)",
    ]
    assert [(row[0], row[2]) for row in listed] == [
        ("December 2025", "$0.00"),
        ("November 2025", "$0.00"),
        ("October 2025", ""),
    ]


def test_only_comparable_months_have_a_change(home):
    """No change is shown from another currency or for a running month, which is marked."""
    publish(home.outputs, "2025-10", currency="EUR")
    publish(home.outputs, "2025-11")
    publish(home.outputs, "2025-12")
    results = home.outputs / "2025-12" / "results.json"
    results.write_text(results.read_text().replace('"complete": true', '"complete": false'))
    listed = rows(write_index(home))
    assert [(row[0], row[2]) for row in listed] == [
        ("December 2025PARTIAL", ""),
        ("November 2025", ""),
        ("October 2025", ""),
    ]


def test_every_link_leads_to_a_file(home):
    """Links are relative and lead to existing files, whatever characters a folder's name has."""
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


def test_other_reports_are_listed_apart_with_their_stamps(home):
    """A what-if is stamped with its reason, as text; an analysis is not for booking."""
    publish(home.outputs, "scenarios/x", "2025-12")
    publish(home.outputs, "analysis/2025-Q4", "2025-Q4")
    file = write_index(home)
    assert [row[0] for row in rows(file, "others")] == [
        "December 2025WHAT-IF: <b> morescenarios/x",
        "Q4 2025ANALYSIS · NOT FOR BOOKINGanalysis/2025-Q4",
    ]
    assert "No month is published yet." in page_of(file).text_content()


def test_unreadable_reports_are_named(home):
    """Nothing is left out silently."""
    publish(home.outputs, "2025-12", text="{")
    text = page_of(write_index(home)).text_content()
    assert "2025-12: its results can't be read. Run it again." in text


def test_a_month_that_claims_to_be_another_is_listed(home):
    """Two reports that both claim one month are both listed."""
    publish(home.outputs, "2025-11")
    publish(home.outputs, "2025-12", text=results_of("2025-12", "2025-11", kind="official"))
    assert [row[0] for row in rows(write_index(home))] == ["November 2025", "November 2025"]


def test_a_long_reason_is_cut(home):
    """159 of 10,000 characters are shown, and that there is more; the report shows them all."""
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
def test_no_text_from_a_report_becomes_markup(home, text):
    """Text is printed as it is, with a mark for characters that HTML can't hold."""
    opened = {"budget": "4", "variance": "-1", "variance_ratio": "-0.25", "status": text}
    tables = json.loads(results_of("2025-12", "2025-12"))["tables"] | {
        "executive_summary": [opened]
    }
    publish(home.outputs, "2025-12", currency=text, tables=tables)
    file = write_index(home)
    assert audit(file.read_text(encoding="utf-8"), links=True) == []
    assert rows(file)[0][5] == visible(text)


def test_months_of_three_years_stay_in_order(home):
    """36 months are listed from newest to oldest, each compared with the one before."""
    months = [f"{year}-{month:02}" for year in (2023, 2024, 2025) for month in range(1, 13)]
    for month in sorted(months, key=lambda name: name[::-1]):
        publish(home.outputs, month)
    file = write_index(home)
    assert [link.split("/")[0] for link in page_of(file).xpath("//tbody//th/a/@href")] == months[
        ::-1
    ]
    assert [row[2] for row in rows(file)] == ["$0.00"] * 35 + [""]


def test_an_empty_home_has_an_index_too(home):
    """The index says that no month is published yet."""
    page = page_of(write_index(home))
    assert "No month is published yet." in page.text_content()
    assert not page.xpath("//table | //a")


def test_it_is_inert_and_the_same_for_the_same_reports(home):
    """The page runs nothing, loads nothing, and has no time and no local path."""
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


def test_the_days_are_a_sparkline(home):
    """Three days of the month are drawn on an axis of 31, with the highest cost in words."""
    publish(home.outputs, "2025-12")
    page = page_of(write_index(home))
    assert page.xpath("//svg/@aria-label") == ["Cost by day, at most $2.00"]
    # 3 pixels in, and the third of 31 days is two thirtieths of the 82 between the insets further
    assert page.xpath("//svg/circle/@cx") == ["8.5"]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "close", "replace"])
def test_a_failed_write_leaves_a_whole_index(home, monkeypatch, call):
    """Whichever call fails, the index is the old one or the new one, and no draft is left."""
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
    """Let a call on a file fail once, after `number` calls that work."""
    real, calls = getattr(os, call), itertools.count()

    def call_or_fail(*args, **options):
        done = real(*args, **options) if call == "close" else None
        if next(calls) == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return done if call == "close" else real(*args, **options)

    patch.setattr(os, call, call_or_fail)


def test_a_failed_write_is_raised(home, monkeypatch):
    """The error of the disk is raised, for the run to report."""
    publish(home.outputs, "2025-12")
    failing(monkeypatch, "replace", 0)
    with pytest.raises(OSError, match="No space left"):
        write_index(home)
    assert not (home.outputs / "index.html").exists()


def test_two_publications_take_turns(home, monkeypatch):
    """The second waits for the first, and names it when that takes too long."""
    monkeypatch.setattr(index_page, "PAUSE", 0)
    with (
        hold(home.outputs / ".runs", "~index.html", "rebuilt"),
        pytest.raises(Busy, match=r"index\.html is being rebuilt by process"),
    ):
        write_index(home)


def _publish_and_list(root: Path, month: str) -> None:
    publish(root / "outputs", month)
    write_index(Home(root))


@pytest.mark.slow
def test_the_last_of_many_at_once_has_seen_all(home):
    """The last index lists every month published before it, however the processes overlap."""
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


@pytest.mark.slow
def test_a_run_rebuilds_it(tmp_path):
    """A publication rebuilds the index; if that fails, the report is published with a notice."""
    home = make_home(tmp_path / "home")
    run(NAME, home)
    assert re.search(rf"{NAME}", (home.outputs / "index.html").read_text())
    (home.outputs / "index.html").unlink()
    (home.outputs / "index.html").mkdir()
    notices = []
    run(NAME, home, force=True, notice=notices.append)
    [notice] = notices
    assert notice.startswith("The report is published, but outputs/index.html was not updated: ")
    assert (home.outputs / NAME / "organizational_alignment.html").is_file()


def test_a_run_with_nothing_to_do_repairs_the_index(tmp_path):
    """The index is rebuilt if a report's folder was deleted, and left alone otherwise."""
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
def test_a_phone_shows_the_main_columns(home):
    """375 pixels show period, total, variance and status, and a hint at the files to the right."""
    publish(home.outputs, "2025-12")
    page = write_index(home).read_text()
    with browser() as visit_of:
        visit = visit_of(375, 700)
        visit.page.set_content(page)
        ends = visit.page.evaluate(
            "[...document.querySelectorAll('tbody tr > *')]"
            ".map(cell => cell.getBoundingClientRect().right)"
        )
        assert len(ends) == 8
        # Period, total, change, budget, variance, status; a cell that is not shown ends at 0.
        assert [end > 0 for end in ends] == [True, True, False, False, True, True, False, True]
        assert max(ends[:6]) <= 375
        assert visit.page.is_visible("text=Scroll right for files")
        wide = visit_of(1200, 700)
        wide.page.set_content(page)
        assert not wide.page.is_visible("text=Scroll right for files")
