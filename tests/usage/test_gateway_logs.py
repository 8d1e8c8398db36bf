"""Gateway logs and other tables: LiteLLM's SpendLogs, 19 columns of calls, custom columns."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from finops_nb.errors import Refusal
from finops_nb.params.model import make_params
from finops_nb.usage.model import Usage
from finops_nb.usage.reader import read_usage

SPEND = (
    "request_id,call_type,spend,prompt_tokens,completion_tokens,startTime,model,"
    "custom_llm_provider,team_id,organization_id,end_user\n"
)
NINETEEN = (
    "timestamp,provider,model,input_tokens,output_tokens,cost_usd,latency_ms,customer_id,"
    "organization_id,product_id,feature_id,task_type,customer_archetype,tier_price_usd,region,"
    "total_tokens,status,error_type,metadata\n"
)


def read(folder: Path, text: str, **keys) -> Usage:
    file = folder / "usage.csv"
    file.write_text(text)
    return read_usage(make_params({"period": "2025-12", "usage": str(file)} | keys))


def costs(usage: Usage, by: str) -> dict[str, Decimal]:
    frame = usage.groups[by,]
    return dict(zip(frame[by], frame["cost"], strict=True))


def spend(number: str, cost: str = "0.5", **values: str) -> str:
    of = {"team": "team-a", "model": "gpt", "user": "u1", "provider": "openai"} | values
    start = f"{number},acompletion,{cost},10,20,2025-12-05T10:00:00Z"
    return f"{start},{of['model']},{of['provider']},{of['team']},,{of['user']}\n"


def test_spend_logs_are_calls(tmp_path):
    """Team, model, call type and end user are organization, product, feature and customer.

    A row is a call.
    """
    usage = read(
        tmp_path,
        SPEND + spend("r1") + spend("r2", team="", user="u2") + spend("r3", model="claude"),
    )
    assert (usage.sources[0].dialect, usage.missing_columns) == ("litellm", frozenset())
    assert costs(usage, "organization") == {"(unallocated)": Decimal("0.5"), "team-a": 1}
    assert costs(usage, "product") == {"claude": Decimal("0.5"), "gpt": 1}
    assert usage.groups[()].iloc[0].tolist() == [Decimal("1.5"), 3, 2]


def test_a_duplicate_request_is_refused(tmp_path):
    """The refusal names the request, its line, and its first line; also across two files."""
    twice = (
        r"^usage\.csv, line 4, request_id: duplicate request, so its cost would count twice; "
        r'first on line 2 of usage\.csv \(found "r1"\)'
    )
    with pytest.raises(Refusal, match=twice):
        read(tmp_path, SPEND + spend("r1") + spend("r2") + spend("r1"))
    (tmp_path / "more.csv").write_text(SPEND + spend("r1", "0.7"))
    with pytest.raises(
        Refusal,
        match=r"^usage\.csv, line 2, request_id: duplicate request, .* "
        r"first on line 2 of more\.csv",
    ):
        read(
            tmp_path,
            SPEND + spend("r1"),
            usage=[str(tmp_path / "usage.csv"), str(tmp_path / "more.csv")],
        )


def test_a_request_has_the_line_that_an_editor_shows(tmp_path):
    """A line break in quotes ends a physical line; a lone carriage return in quotes does not."""
    rows = spend("r1", provider='"p\n1"') + spend("r2", provider='"p\r1"') + spend("r1")
    with pytest.raises(Refusal, match=r"^usage\.csv, line 5, request_id: .* first on line 2 of"):
        read(tmp_path, SPEND + rows)


def test_a_duplicate_request_in_parquet_is_refused(tmp_path):
    """The refusal names the row; rows without a request id are not one request."""
    (tmp_path / "u.csv").write_text(
        SPEND + spend("r1") + spend("r2") + spend("r1", "0.7") + spend("", "2") + spend("", "3")
    )
    file = tmp_path / "u.parquet"
    blank = "* REPLACE (coalesce(request_id, '') AS request_id)"
    duckdb.sql(
        f"COPY (SELECT {blank} FROM read_csv('{tmp_path}/u.csv', all_varchar = true)) TO '{file}'"
    )
    with pytest.raises(
        Refusal,
        match=r"^u\.parquet, line 3, request_id: duplicate request, .* on line 1 of u\.parquet",
    ) as refused:
        read(tmp_path, "", usage=[str(file)])
    assert refused.value.count == 1


@pytest.mark.parametrize("parquet", [False, True])
def test_a_key_and_its_value_of_the_request_tags_are_a_tag(tmp_path, parquet):
    """A text "Feature: search" in the list makes the feature `search`.

    A list with two features has none, with a notice; another key may be there twice. LiteLLM adds
    two agents of its own to the tags of a request.
    """
    agents = '"User-Agent: OpenAI", "User-Agent: OpenAI/Python 1.68.2"'
    tags = [
        f'["feature:search", "batch", {agents}]',
        '["Feature:  a:b"]',
        "[]",
        '["feature:x", "feature:y"]',
        '["batch", null]',
    ]
    rows = "".join(
        f"""{spend(f"r{n}", "1").rstrip()},"{each.replace('"', '""')}"\n"""
        for n, each in enumerate(tags)
    )
    (tmp_path / "usage.csv").write_text(f"{SPEND.rstrip()},request_tags\n{rows}")
    file = tmp_path / "usage.parquet"
    tag_list = "json_extract_string(request_tags, '$[*]') AS request_tags"
    as_list = f"* REPLACE ({tag_list}, CAST(spend AS DECIMAL(9, 2)) AS spend)"
    duckdb.sql(
        f"COPY (SELECT {as_list} "
        f"FROM read_csv('{tmp_path}/usage.csv', all_varchar = true)) TO '{file}'"
    )
    place = str(file) if parquet else str(tmp_path / "usage.csv")
    usage = read_usage(
        make_params(
            {"period": "2025-12", "usage": place, "columns": {"feature": "request_tags.feature"}}
        )
    )
    assert costs(usage, "feature") == {"search": 1, "a:b": 1, "(unallocated)": 3}
    unread = [
        (notice.rows, notice.money) for notice in usage.notices if "nested value" in notice.text
    ]
    assert unread == [(1, 1)]


def test_the_name_of_the_team_is_in_the_metadata(tmp_path):
    """Other nested values in the metadata do not matter."""
    metadata = (
        '{"user_api_key_team_alias": "search", "usage_object": {"total_tokens": 30}}'.replace(
            '"', '""'
        )
    )
    columns = {"organization": "metadata.user_api_key_team_alias"}
    usage = read(
        tmp_path,
        f"""{SPEND.rstrip()},metadata\n{spend("r1").rstrip()},"{metadata}"\n""",
        columns=columns,
    )
    assert costs(usage, "organization") == {"search": Decimal("0.5")}


@pytest.mark.parametrize(
    "tags", ['["feature:x", 1]', '[{"Key": "feature", "Value": "x"}]', '"feature:x"', "feature:x"]
)
def test_other_request_tags_are_not_read_and_have_a_notice(tmp_path, tags):
    """Only an object or a list of texts is read."""
    quoted = tags.replace('"', '""')
    first = f"""{spend("r1", "1").rstrip()},"[""feature:y""]"\n"""
    rows = first + f"""{spend("r2", "2").rstrip()},"{quoted}"\n"""
    usage = read(
        tmp_path,
        f"{SPEND.rstrip()},request_tags\n{rows}",
        columns={"feature": "request_tags.feature"},
    )
    assert costs(usage, "feature") == {"y": 1, "(unallocated)": 2}
    assert [
        (notice.rows, notice.money) for notice in usage.notices if "nested value" in notice.text
    ] == [(1, 2)]


def test_nineteen_columns_are_calls_too(tmp_path):
    """The extra columns are ignored."""
    row = "2025-12-01,openai,gpt,1,2,0.25,9,c1,org-a,chat,ask,qa,smb,10,eu,3,ok,,{}\n"
    usage = read(tmp_path, NINETEEN + row * 2)
    assert (usage.sources[0].dialect, usage.cost, usage.groups[()]["calls"].iloc[0]) == (
        "calls",
        Decimal("0.5"),
        2,
    )


TABLE = {"timestamp": "date", "cost": "amount", "organization": "team", "product": "service"}


def test_a_table_is_read_by_the_columns_that_the_params_name(tmp_path):
    """Other columns are unknown; a row is one call unless a column counts calls."""
    usage = read(
        tmp_path, "date,amount,team,service\n2025-12-01,2,a,x\n2025-12-02,3,b,x\n", columns=TABLE
    )
    assert (usage.sources[0].dialect, usage.cost, usage.missing_columns) == (
        "table",
        5,
        {"feature", "customer"},
    )
    assert usage.groups["organization",].to_dict("list") == {
        "organization": ["a", "b"],
        "cost": [2, 3],
        "calls": [1, 1],
        "customers": [None] * 2,
    }
    assert usage.groups["feature",].empty


def test_an_aggregated_table_says_how_many_calls_a_row_is(tmp_path):
    """Two rows have 40 + 2 calls; rows and calls are counted apart."""
    usage = read(
        tmp_path,
        "date,amount,team,service,n\n2025-12-01,2,a,x,40\n2025-12-02,3,b,x,2\n",
        columns=TABLE | {"calls": "n"},
    )
    assert (usage.rows_used, usage.groups[()]["calls"].iloc[0]) == (2, 42)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "the number of calls is missing"),
        ("1.5", "not a number of calls"),
        ("-1", "not a number of calls"),
    ],
)
def test_calls_that_are_not_a_number_are_refused(tmp_path, text, rule):
    """The refusal names the line."""
    with pytest.raises(Refusal, match=rf"^usage\.csv, line 2, n: {rule}"):
        read(
            tmp_path,
            f"date,amount,team,service,n\n2025-12-01,2,a,x,{text}\n",
            columns=TABLE | {"calls": "n"},
        )


def test_the_calls_of_the_last_line_must_end(tmp_path):
    """A number that may be cut short is refused."""
    with pytest.raises(Refusal, match="its calls may be cut short"):
        read(
            tmp_path,
            "date,amount,team,service,n\n2025-12-01,2,a,x,40",
            columns=TABLE | {"calls": "n"},
        )


def test_two_currencies_in_a_log_are_never_added(tmp_path):
    """The column `currency` of any table is read."""
    (tmp_path / "usage.csv").write_text(
        "timestamp,amount,team,currency\n2025-12-01,1,a,USD\n2025-12-02,2,a,EUR\n"
    )
    params = make_params(
        {
            "period": "2025-12",
            "usage": str(tmp_path / "usage.csv"),
            "columns": {"cost": "amount", "organization": "team"},
        }
    )
    with pytest.raises(Refusal, match=r"^usage\.csv, currency: costs are in more than one"):
        read_usage(params)
