"""A report as it is published, read as a whole, and what stands against mailing it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from finops_nb.errors import Problem, Refusal
from finops_nb.home import Home
from finops_nb.outputs.artifacts import FAILED, HTML, PDF, RESULTS, WORKBOOK, read_results
from finops_nb.outputs.manifest import Kind
from finops_nb.outputs.revisions import History, digests
from finops_nb.run.job import key_now, open_job

FILES: Final = {"html": HTML, "pdf": PDF, "xlsx": WORKBOOK}
"""What may be attached, by the word of `mail: {attachment: ...}`."""

KEY: Final = re.compile(rb'<meta\b(?=[^>]*\bname="finops-nb-key")[^>]*\bcontent="([0-9a-f]*)"')
TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Publication:
    """The files of one run.

    Args:
        name: the NAME.
        results: the object of its `results.json`.
        files: name and content of what may be attached, as far as it was published.
        digests: name and SHA-256 of every file.
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
    """What is published under a NAME, all of it of one moment.

    Raises:
        Refusal: nothing is.
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
            found = digests(folder)
            after = folder.stat().st_ino
        except FileNotFoundError:
            continue
        # Another folder by now: a report was published meanwhile, and some of these files may be of the one before.
        if before == after and (results := read_results(files.pop(RESULTS, b""))):
            return Publication(name, results, files, found)
    raise Refusal(
        Problem(
            "no report is published there",
            f"Publish it: finops-nb run {name}",
            file=f"outputs/{name}",
        )
    )


def objections(home: Home, publication: Publication) -> Iterator[Problem]:
    """Why a report should not be mailed as it stands; nothing where it may.

    Args:
        home: where its params are, and its usage.
        publication: from `read_publication`.
    """
    name, place = publication.name, f"outputs/{publication.name}"
    kind = publication.results.get("kind")
    if kind == Kind.SCENARIO:
        yield Problem(
            "a what-if, on budgets that are not the approved ones",
            "Send it with --allow; its subject says WHAT-IF",
            place,
        )
    elif kind not in (Kind.OFFICIAL, Kind.ANALYSIS):
        yield Problem("a draft", f"Publish it: finops-nb run {name}", place)
    for warning in publication.results.get("warnings", ()):
        if str(warning).startswith("NOT RECONCILED"):
            yield Problem(
                str(warning).rstrip("."),
                "Correct `invoices` or the usage and publish it again; or send it with --allow",
                place,
            )
    if (home.staging / name / FAILED).is_file():
        fix = f"See outputs/.staging/{name}/{FAILED}, then finops-nb run {name}"
        yield Problem("its last run failed, and what is published is of a run before", fix, place)
    marked = KEY.search(publication.files.get(HTML, b""))
    if marked is None or marked[1].decode() != publication.key:
        yield Problem(
            "its files are not of one run",
            f"Publish them again: finops-nb run {name} --force",
            place,
        )
    yield from _altered(home, publication, place)
    yield from _outdated(home, publication, place)


def _altered(home: Home, publication: Publication, place: str) -> Iterator[Problem]:
    fix = f"Publish it again as it was: finops-nb run {publication.name} --force"
    those = [
        each
        for each in History(home.outputs, publication.name).revisions()
        if each.key == publication.key
    ]
    for file, digest in those[-1].files.items() if those else ():
        if publication.digests.get(file) != digest:
            yield Problem("gone, or not as it was published", fix, f"{place}/{file}")


def _outdated(home: Home, publication: Publication, place: str) -> Iterator[Problem]:
    fix = f"Bring it up to date: finops-nb run {publication.name}"
    try:
        if key_now(open_job(home, publication.name)) != publication.key:
            yield Problem(
                "outdated: its usage, params, budgets, notebook or the package itself have changed since",
                fix,
                place,
            )
    except (Refusal, OSError) as error:
        yield Problem(
            f"outdated: another run of it would be refused: {str(error).removesuffix('.')}",
            fix,
            place,
        )
