"""A published report, read as one snapshot, and the objections to mailing it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home
from finops_nb.outputs.artifacts import (
    FAILED,
    HTML,
    NOT_RECONCILED,
    PDF,
    RESULTS,
    WORKBOOK,
    read_results,
)
from finops_nb.outputs.manifest import Kind
from finops_nb.outputs.revisions import History, digests
from finops_nb.run.job import key_now, open_job

FILES: Final = {"html": HTML, "pdf": PDF, "xlsx": WORKBOOK}
"""The files that may be attached, by the word of `mail: {attachment: ...}`."""

KEY: Final = re.compile(rb'<meta\b(?=[^>]*\bname="finops-nb-key")[^>]*\bcontent="([0-9a-f]*)"')
"""Where the page names its report key; attributes may stand in any order."""

WHAT_OUTDATES: Final = "inputs, params, budgets, earlier months, notebook or version"
"""What a report is made from; where any of it changed, the report is outdated."""

TRIES: Final = 5
"""How often a folder is read that a run replaces meanwhile."""


@dataclass(frozen=True, slots=True)
class Publication:
    """The files of one run.

    Args:
        name: the NAME.
        results: the object of its `results.json`.
        files: content of each published file that may be attached, by its name.
        digests: SHA-256 of every file, by its name.
    """

    name: str
    results: Mapping[str, Any]
    files: Mapping[str, bytes]
    digests: Mapping[str, str]

    @property
    def key(self) -> str:
        """The run's key."""
        key: str = self.results["provenance"].get("key", "")
        return key


def read_publication(home: Home, name: str) -> Publication:
    """The published report of a NAME, read as one snapshot.

    Raises:
        Refusal: nothing is published.
    """
    folder = home.outputs / name
    for _ in range(TRIES):
        try:
            before = folder.stat().st_ino
            files = {
                file: (folder / file).read_bytes()
                for file in (RESULTS, *FILES.values())
                if (folder / file).is_file()
            }
            hashes = digests(folder)
            after = folder.stat().st_ino
        except FileNotFoundError:
            continue
        # Publishing exchanges the folder, so another inode means files of two reports.
        is_snapshot = before == after
        if is_snapshot and (results := read_results(files.pop(RESULTS, b""))):
            return Publication(name, results, files, hashes)
    rule, fix = "no published report", f"Publish it: finops-nb run {name}"
    if (folder / RESULTS).is_file():
        rule, fix = f"{RESULTS} can't be read", f"Publish it again: finops-nb run {name}"
    raise Refusal(Problem(rule, fix, file=f"outputs/{name}"))


def objections(home: Home, publication: Publication) -> Iterator[Problem]:
    """Why a report should not be mailed as it is; nothing where it may be.

    Args:
        home: the home of its params and usage.
        publication: from `read_publication`.

    Example:
        outputs/2025-12: a draft. Publish it: finops-nb run 2025-12.
    """
    yield from _kind_objections(publication)
    yield from _reconciliation_objections(publication)
    yield from _run_objections(home, publication)
    yield from _changed_files(home, publication)
    yield from _outdated(home, publication)


def _place(publication: Publication) -> str:
    return f"outputs/{publication.name}"


def _kind_objections(publication: Publication) -> Iterator[Problem]:
    kind = publication.results.get("kind")
    if kind == Kind.SCENARIO:
        rule = "a what-if, based on budgets that are not approved"
        fix = "Send it with --allow; its subject says WHAT-IF"
        yield Problem(rule, fix, _place(publication))
    elif kind not in (Kind.OFFICIAL, Kind.ANALYSIS):
        fix = f"Publish it: finops-nb run {publication.name}"
        yield Problem("a draft", fix, _place(publication))


def _reconciliation_objections(publication: Publication) -> Iterator[Problem]:
    fix = "Correct `invoices` or the usage and publish it again; or send it with --allow"
    for warning in publication.results.get("warnings", ()):
        if str(warning).startswith(NOT_RECONCILED):
            yield Problem(str(warning).rstrip("."), fix, _place(publication))


def _run_objections(home: Home, publication: Publication) -> Iterator[Problem]:
    """The last run failed, or the published files come from more than one."""
    name = publication.name
    failed = home.staging / name / FAILED
    if failed.is_file():
        rule = "the last run failed, so an earlier report is still published"
        fix = f"See {home.shown(failed)}, then finops-nb run {name}"
        yield Problem(rule, fix, _place(publication))
    page_key = KEY.search(publication.files.get(HTML, b""))
    if page_key is None or page_key[1].decode() != publication.key:
        fix = f"Publish them again: finops-nb run {name} --force"
        yield Problem("its files come from different runs", fix, _place(publication))


def _changed_files(home: Home, publication: Publication) -> Iterator[Problem]:
    """Files whose hash is not the one recorded when they were published."""
    fix = f"Publish it again: finops-nb run {publication.name} --force"
    history = History(home.outputs, publication.name)
    records = [each for each in history.revisions() if each.key == publication.key]
    recorded = records[-1].files if records else {}
    for file, digest in recorded.items():
        if publication.digests.get(file) != digest:
            rule = "missing, or changed since it was published"
            yield Problem(rule, fix, f"{_place(publication)}/{file}")


def _outdated(home: Home, publication: Publication) -> Iterator[Problem]:
    fix = f"Update it: finops-nb run {publication.name}"
    try:
        if key_now(open_job(home, publication.name)) != publication.key:
            rule = f"outdated, because {WHAT_OUTDATES} changed"
            yield Problem(rule, fix, _place(publication))
    except (Refusal, OSError) as error:
        reason = str(error).removesuffix(".")
        rule = f"outdated, and a new run would be refused: {reason}"
        fix = f"Fix that first, then run finops-nb run {publication.name}"
        yield Problem(rule, fix, _place(publication))
