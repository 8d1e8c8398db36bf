"""Which files are read: paths, globs, folders, the sample; each once, complete and unchanged."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from support.usage_files import call, csv_text, read, refused, write, write_calls, write_parquet

from finops_nb.errors import Refusal
from finops_nb.home import Home
from finops_nb.params.model import make_params
from finops_nb.usage import reader
from finops_nb.usage.reader import columns_found
from finops_nb.usage.sources import csv_text as usage_text
from finops_nb.usage.sources.compression import has_zeros_behind, lacks_checksum
from finops_nb.usage.sources.discovery import SourceFile, fingerprint, resolve_inputs
from finops_nb.usage.sources.formats import FORMATS


@pytest.fixture
def usage_folder(tmp_path: Path) -> Home:
    """Three files with one call each, a README and a hidden file in `usage/`."""
    for month in ("2025-10", "2025-11", "2025-12"):
        write_calls(tmp_path / f"usage/calls-{month}.csv", call(timestamp=f"{month}-01"))
    write(tmp_path / "usage/README.md", "not usage")
    write(tmp_path / "usage/.hidden.csv", "not usage")
    return Home(tmp_path)


def names(usage_folder: Home | None, *usage: str, period: str = "2025-12") -> list[str]:
    return [
        source.name
        for source in resolve_inputs(
            make_params({"period": period, "usage": list(usage)}), usage_folder
        )
    ]


def problems(usage_folder: Home, *usage: str) -> list[str]:
    with pytest.raises(Refusal) as refusal:
        names(usage_folder, *usage)
    return [str(problem) for problem in refusal.value.problems]


ALL = ["usage/calls-2025-10.csv", "usage/calls-2025-11.csv", "usage/calls-2025-12.csv"]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (["usage/calls-2025-12.csv"], ALL[2:]),
        (["./usage/calls-2025-12.csv"], ALL[2:]),
        (["usage/calls-{period}.csv"], ALL[2:]),
        (["usage/calls-2025-1[01].csv"], ALL[:2]),
        (["usage/*.csv"], ALL),
        (["**/*.csv"], ALL),
        (["usage"], ALL),
        (["usage/"], ALL),
        (["usage/calls-2025-12.csv", "usage/calls-2025-10.csv"], [ALL[0], ALL[2]]),
    ],
)
def test_it_finds_files_globs_and_folders_sorted_and_nothing_hidden(usage_folder, usage, expected):
    assert names(usage_folder, *usage) == expected


def test_the_sample_needs_no_home_and_is_shown_without_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert names(None, "sample:") == [
        f"sample:calls-2025-{month:02}.parquet" for month in range(7, 13)
    ]


def test_a_relative_path_finds_the_home_by_itself(usage_folder, monkeypatch):
    monkeypatch.setenv("FINOPS_NB_HOME", str(usage_folder.root))
    (usage_folder.root / "params").mkdir()
    assert names(None, "usage/calls-{period}.csv") == ALL[2:]
    assert names(None, str(usage_folder.root / ALL[2])) == ALL[2:]


def test_files_outside_the_home_are_shown_by_their_bare_names(usage_folder, tmp_path_factory):
    """Two files of one name are numbered in the order of `usage`; no folder is shown."""
    one, two = (
        write_calls(tmp_path_factory.mktemp("elsewhere") / "calls.csv", call(cost_usd=cost))
        for cost in ("1", "2")
    )
    assert names(usage_folder, str(two), str(one)) == ["calls.csv", "calls.csv (2)"]
    sources = resolve_inputs(
        make_params({"period": "2025-12", "usage": [str(two), str(one)]}), usage_folder
    )
    assert [source.path for source in sources] == [two, one]


def test_a_literal_name_comes_before_a_pattern(usage_folder):
    write_calls(usage_folder.root / "usage/a[1].csv", call())
    write_calls(usage_folder.root / "usage/a1.csv", call(cost_usd="2"))
    assert names(usage_folder, "usage/a[1].csv") == ["usage/a[1].csv"]


@pytest.mark.parametrize(
    "name", ["a[1].csv", "a*.csv", "a?.csv", "it's {x}.csv", "ä ü.csv", "a\\b.csv"]
)
def test_the_engine_takes_no_character_of_a_name_for_a_pattern(tmp_path, name):
    write_calls(tmp_path / "a1.csv", call(cost_usd="5"))
    write_calls(tmp_path / "ab.csv", call(cost_usd="5"))
    assert read(write_calls(tmp_path / name, call(cost_usd="2"))).cost == 2


def test_what_it_leaves_out_of_a_folder_is_a_notice(usage_folder):
    (usage_folder.root / "usage/old").mkdir()
    params = make_params({"period": "2025-12", "usage": "usage"})
    notices = reader.read_usage(params, usage_folder).notices
    assert [notice.text for notice in notices] == [
        'Left out of "usage", not usage files: README.md, old/.'
    ]


def test_it_refuses_what_is_not_there_with_the_nearest_names(usage_folder):
    assert problems(
        usage_folder,
        "usage/calls-2026-12.csv",
        "usage/cals-*.csv",
        "usgae/x.csv",
        "usage/README.md",
        "sample:x",
    ) == [
        'usage: no such file: "usage/calls-2026-12.csv". '
        "Put the file there, or correct the path; usage/ has "
        "calls-2025-12.csv, calls-2025-11.csv, calls-2025-10.csv.",
        'usage: no file matches: "usage/cals-*.csv". '
        "Put the file there, or correct the path; usage/ has "
        "calls-2025-12.csv, calls-2025-11.csv, calls-2025-10.csv.",
        'usage: no such file: "usgae/x.csv". '
        "Put the file there, or correct the path; the home has usage/.",
        'usage: README.md is not a usage file (found "usage/README.md"). '
        "Use CSV (.csv, .csv.gz, .csv.zst), Parquet (.parquet), JSON (.json), "
        "JSON lines (.jsonl, .ndjson; both also with .gz) or Excel (.xlsx).",
        'usage: the packaged sample takes no path (found "sample:x"). Write "sample:" alone.',
    ]


def test_it_refuses_a_folder_without_usage_and_a_pattern_of_folders(usage_folder):
    (usage_folder.root / "empty").mkdir()
    first, second = problems(usage_folder, "empty", "us*")
    assert 'usage: the folder is empty (found "empty")' in first
    assert 'only folders match (found "us*"). Write "us*/*" for the files in them.' in second


def test_it_refuses_a_file_named_twice_naming_both(usage_folder):
    """By two patterns, by a symbolic link, and by a hard link."""
    (usage_folder.root / "link.csv").symlink_to(usage_folder.root / ALL[0])
    os.link(usage_folder.root / ALL[0], usage_folder.root / "hard.csv")
    for other in ("usage/*-10.csv", ALL[0], "link.csv", "hard.csv"):
        (problem,) = problems(usage_folder, ALL[0], other)
        assert 'listed twice: calls-2025-10.csv by "usage/calls-2025-10.csv" and ' in problem
        assert Path(other).name.replace("*", "calls-2025") in problem


def test_it_refuses_a_copy_naming_both(usage_folder):
    copy = write(usage_folder.root / "copy.csv", (usage_folder.root / ALL[2]).read_bytes())
    (problem,) = refused(copy, usage_folder.root / ALL[2])
    assert str(problem) == (
        "copy.csv: the file is identical to calls-2025-12.csv. "
        "Name each file once; otherwise its cost counts twice."
    )


def test_files_without_rows_may_be_equal(usage_folder):
    """Two days without a call are not copies of each other."""
    empty = [write(usage_folder.root / f"empty-{n}.csv", csv_text([])) for n in (1, 2)]
    assert [file.rows for file in read(*empty, usage_folder.root / ALL[2]).inputs] == [1, 0, 0]


def test_it_refuses_a_link_to_nothing_and_a_pipe(usage_folder):
    (usage_folder.root / "usage/broken.csv").symlink_to(usage_folder.root / "gone.csv")
    os.mkfifo(usage_folder.root / "usage/pipe.csv")
    params = make_params({"period": "2025-12", "usage": "usage"})
    with pytest.raises(Refusal) as refusal:
        reader.read_usage(params, usage_folder)
    assert [(problem.file, problem.rule) for problem in refusal.value.problems] == [
        ("usage/broken.csv", "cannot be read: No such file or directory"),
        ("usage/pipe.csv", "cannot be read: it is not a regular file"),
    ]


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_pipe_is_waited_for(tmp_path, suffix):
    """Whoever opens usage: `check` opens it to suggest columns, even where a run would not."""
    pipe = tmp_path / f"pipe{suffix}"
    os.mkfifo(pipe)
    source = SourceFile("pipe", pipe, suffix)
    opened = [lambda: columns_found(source), lambda: fingerprint([source])]
    if suffix != ".parquet":
        opened.append(lambda: usage_text.open_text(source))
    for each in opened:
        with pytest.raises(Refusal, match="pipe: cannot be read: it is not a regular file"):
            each()
    if look := {".csv.zst": lacks_checksum, ".csv.gz": has_zeros_behind}.get(suffix):
        with pytest.raises(OSError, match="it is not a regular file"):
            look(source)


@pytest.mark.parametrize("usage", ["a\0b.csv", "x" * 5000, "a*\0.csv"])
def test_no_path_ends_in_a_traceback(usage_folder, usage):
    assert problems(usage_folder, usage)


def test_the_fingerprint_is_the_hash_of_the_bytes(usage_folder):
    sources = resolve_inputs(make_params({"period": "2025-12", "usage": "usage"}), usage_folder)
    expected = [
        (name, hashlib.sha256((usage_folder.root / name).read_bytes()).hexdigest()) for name in ALL
    ]
    assert list(fingerprint(sources)) == expected


@pytest.mark.parametrize("change", ["append", "rewrite", "delete", "replace"])
def test_it_refuses_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch, change):
    file = write_calls(tmp_path / "calls.csv", call())
    read_header = reader.csv_text.read_header

    def write_to_it(source):
        header = read_header(source)
        if change == "delete":
            file.unlink()
        elif change == "replace":
            old = file.rename(tmp_path / "old.csv")
            os.utime(write(file, old.read_bytes()), ns=(0, old.stat().st_mtime_ns))
        else:
            file.write_text(csv_text([call()] * (2 if change == "append" else 1)))
        return header

    monkeypatch.setattr(reader.csv_text, "read_header", write_to_it)
    assert "the file changed while it was read" in [problem.rule for problem in refused(file)]


def test_a_folder_may_hold_every_format(tmp_path):
    """1.00, 2.00, 4.00 and 8.00."""
    for n, name in enumerate(["a.csv", "b.csv.gz", "c.CSV.ZST"]):
        write_calls(tmp_path / name.lower(), call(cost_usd=str(2**n))).rename(tmp_path / name)
    write_parquet(tmp_path / "d.parquet", [call(cost_usd="8")])
    usage = read(tmp_path)
    assert ([file.name for file in usage.inputs], usage.cost) == (
        ["a.csv", "b.csv.gz", "c.CSV.ZST", "d.parquet"],
        15,
    )


def test_it_returns_the_columns_of_a_file(tmp_path, usage_folder):
    file = write(tmp_path / "other.csv", 'when,"a, b",when\n')
    assert columns_found(
        resolve_inputs(make_params({"period": "2025-12", "usage": str(file)}))[0]
    ) == ("when", "a, b", "when")
    sample = resolve_inputs(make_params({"period": "2025-12", "usage": "sample:"}))[0]
    assert columns_found(sample)[:6] == (
        "timestamp",
        "provider",
        "model",
        "input_tokens",
        "output_tokens",
        "cost_usd",
    )


@pytest.mark.parametrize(
    ("files", "content"),
    [
        (["usage/december.csv", "usage/calls-2025-11.csv"], "december.csv, calls-2025-11.csv"),
        (["usage/Export Dec.csv", "usage/a.csv"], "Export Dec.csv"),
        (["usage/old/calls-2025-12.csv", "usage/decade.csv"], "old/calls-2025-12.csv"),
        (["usage/a.txt", "usage/z.csv"], "z.csv, a.txt"),
    ],
)
def test_the_likeliest_files_are_named_first(home, files, content):
    """The same name one folder deeper, then the month in words, then similar names."""
    for name in files:
        (home.root / name).parent.mkdir(parents=True, exist_ok=True)
        (home.root / name).write_text("x")
    [problem] = problems(home, "usage/calls-2025-12.csv")
    assert f"usage/ has {content}" in problem
