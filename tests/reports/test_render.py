"""The renderers: each says what the model says, and none lets foreign text act."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reports.model import Report, build
from reports.render import every_file, html, markdown, terminal
from reports.shape import ShapeError, check_row
from reports.text import one_line
from tests.reports.conftest import ENTRY, NEW, finding, log, shard, tally

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """The tags, the texts and the ids of a page; fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def report(*rows: dict[str, Any], **options: Any) -> Report:
    return build(log(*rows, **options), [ENTRY])


def printed(one: Report, width: int = 120) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, markup=False, highlight=False, force_terminal=True)
    for part in terminal.report_parts(one, Path("out"), narrow=width < 100):
        console.print(part, soft_wrap=True)
    return stream.getvalue()


def test_every_file_of_the_folder_is_made():
    assert sorted(every_file(report(finding(), NEW))) == [
        "findings.jsonl", "findings/0a1b2c3d.json", "findings/0a1b2c3d.py", "findings/ffffffff.json",
        "findings/ffffffff.py", "index.html", "junit.xml", "log.jsonl", "results.sarif", "run.json", "summary.md",
    ]  # fmt: skip


def test_the_log_comes_back_as_it_was():
    rows = log(finding())
    assert [json.loads(line) for line in every_file(build(rows, ()))["log.jsonl"].splitlines()] == rows


def test_run_json_says_what_the_model_says():
    document = json.loads(every_file(report(finding(), NEW))["run.json"])
    assert (document["status"], document["verdict"]) == (1, "new findings")
    assert document["subjects"]["torch"]["proved"] == 150
    assert [(one["id"], one["new"], one["log_line"]) for one in document["findings"]] == [
        ("ffffffff", True, 6),
        ("0a1b2c3d", False, 5),
    ]
    assert [cell["log_lines"] for cell in document["cells"]] == [[2, 3], [4]]


def test_a_finding_in_a_file_can_be_replayed_from_it():
    files = every_file(report(finding()))
    row = json.loads(files["findings/0a1b2c3d.json"])
    assert row == json.loads(files["findings.jsonl"])
    assert row["program"] == finding()["program"]
    assert row["known"]["id"] == ENTRY.id


def test_the_page_answers_in_order():
    text = Page(html.page(report(finding(), NEW))).text
    questions = ["Is it clean?", "What is new? 1 finding", "What is known? 1 finding", "What was covered?", "How does it compare", "How good is the oracle?", "On what did it run?"]  # fmt: skip  # noqa: E501
    places = [text.index(question) for question in questions]
    assert places == sorted(places)


def test_the_page_shows_what_the_stage_rests_on():
    page = html.page(report(finding(judged={"demanded": "u0 == 9", "recorded": "u0 == 8", "asserted": ""})))
    assert "by comparison on this input: the program <strong>rejects</strong> it by <code>u0 == 9</code>" in page
    assert "what was recorded <strong>rejects</strong> it by <code>u0 == 8</code>" in page
    assert "what is asserted <strong>accepts</strong> it" in page
    assert "by comparison on this input" not in html.page(report(finding(judged={"demanded": "", "recorded": ""})))


def test_the_page_says_how_it_was_proved():
    text = Page(html.page(report())).text
    assert "How it was proved: 300 queries of the solver, decided by bounds 60 %, z3 39 %, cvc5 1 %; none was" in text
    assert "seconds went into z3 70 %, bounds 20 %, cvc5 10 %" in text


RECALL = {"kind": "recall", "thread": "PR 1", "what": "a <b>check</b> is lost", "subject": "mutant:drops-all", "frontend": "export", "property": "RA101", "found": True, "programs": 17}  # fmt: skip  # noqa: E501


def test_the_page_says_within_how_many_programs_each_public_fault_was_found_again():
    missed = {**RECALL, "thread": "151127", "found": False, "programs": 1200}
    page = Page(html.page(report(RECALL, missed))).text
    assert "Public faults of the pass, found again by random search" in page
    assert "PR 1a <b>check</b> is lostmutant:drops-allexportRA10117" in page
    assert "not within 1,200" in page
    assert "Public faults of the pass, found" not in html.page(report())


def test_a_public_fault_without_its_number_of_programs_is_refused():
    check_row(RECALL)
    with pytest.raises(ShapeError, match="programs"):
        check_row({**RECALL, "programs": "17"})


def test_the_page_shows_what_a_finding_is_about():
    text = Page(html.page(report(NEW))).text
    for part in (
        "RA101 missing, torch: an assert is missing", "torch._check(a0.shape[0] + a1.shape[0] == u0)",
        "u0 < 9", "u0 == u0",
        "x0 = torch.tensor([8])", "rejects by a check: RuntimeError: Expected cond", "accepts",
        "runtime-assert replay findings/ffffffff.json", "python findings/ffffffff.py", "line 5 of log.jsonl",
    ):  # fmt: skip
        assert part in text


def test_the_page_is_self_contained_and_runs_nothing():
    page = Page(html.page(report(finding(), NEW)))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "form", "base", "video", "audio"}
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style")]
        assert tag == "a" or "href" not in attributes
    policy = next(a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert not re.search(r"url\(|@import", html.page(report()))


def test_every_link_inside_the_page_has_a_target_and_ids_are_unique():
    tags = Page(html.page(report(finding(), NEW))).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] or "" for tag, attributes in tags if tag == "a"]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_the_page_can_be_used_by_keyboard_and_by_a_screen_reader():
    tags = Page(html.page(report(finding(), NEW))).tags
    assert dict(tags)["html"]["lang"] == "en"
    assert all(attributes.get("tabindex") == "0" for tag, attributes in tags if tag == "pre")
    assert all(attributes.get("aria-label") for tag, attributes in tags if tag == "svg")
    assert [tag for tag, _ in tags].count("h1") == 1


def test_the_bars_of_the_page_are_as_wide_as_the_counts():
    page = html.page(report(shard(1, 1, torch=tally(proved=0, refuted={"missing": 50}))))
    widths = re.findall(r'class="c2" x="([0-9.]+)" y="0" width="([0-9.]+)"', page)
    assert widths == [("500.0", "500.0")]


def test_the_summary_leads_with_the_verdict_and_the_new_findings():
    text = markdown.summary(report(finding(), NEW))
    assert text.startswith("# Audit: new findings: 1 new finding in torch\n")
    assert text.index("## New findings") < text.index("## Subjects") < text.index("## Known findings")
    assert "| torch | 150 | 150 | 0 | 0 | 0 | 0 | 270 | 270 |" in text
    assert "- constraint: `u0 < 9`" in text


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_the_terminal_shows_every_figure_at_every_width(width: int):
    text = printed(report(shard(1, 1, torch=tally(proved=39, refuted={"missing": 8, "extra": 3})), NEW), width)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    for part in ("200", "189", "8 missing", "3 extra", "ffffffff", "u0 < 9", "out/index.html"):
        assert part in plain
    if width >= 80:
        assert max(map(len, plain.splitlines()[:12])) <= width
    assert plain.splitlines()[-1].startswith("verdict: new findings: 1 new finding in torch")


def test_a_clean_run_says_so_everywhere():
    one = report(finding())
    assert "verdict: clean, besides 1 known finding (exit status 0)" in printed(one)
    assert markdown.summary(one).startswith("# Audit: clean")
    assert '<div class="verdict good"><strong>Clean</strong>' in html.page(one)


def test_a_known_entry_that_was_not_met_is_told_everywhere():
    one = report()
    for text in (printed(one), html.page(one), every_file(one)["run.json"]):
        assert ENTRY.id in text
    assert "Known entries that no longer reproduce" in markdown.summary(one)


def test_a_log_that_ends_after_its_first_row_can_be_rendered():
    files = every_file(build(log()[:1], ()))
    assert "Incomplete" in files["index.html"]
    assert json.loads(files["run.json"])["status"] == 5


def test_no_format_lets_foreign_text_act(hostile_log: list[dict[str, Any]], hostile: str):
    one = build(hostile_log, ())
    files = every_file(one)
    for name, text in files.items():
        text.encode()
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", text), name
    page = Page(files["index.html"])
    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert one_line(hostile) in page.text
    outside = re.sub(r"(?ms)^(`{3,}).*?^\1$|(`+)[^\n]*?\2", "", files["summary.md"])
    assert not re.search(r"(?<!\\)[<\[](?!https?://)", outside)
    colours = re.sub(r"\x1b\[[0-9;]*m", "", printed(one))
    assert "\x1b" not in colours
    assert "\x9b" not in colours
    if "[bold red]" in hostile:
        assert "[bold red]markup" in colours


def test_the_script_of_a_hostile_finding_only_holds_it_as_comments(hostile_log: list[dict[str, Any]]):
    script = every_file(build(hostile_log, ()))["findings/0a1b2c3d.py"]
    compile(script, "script", "exec")
    assert "alert" not in re.sub(r"(?m)^#.*$|torch\._check\(.*$", "", script)


def test_three_hundred_findings_stay_below_five_megabytes():
    long = {
        "graph_before": "x\n" * 400,
        "graph_after": "y\n" * 400,
        "source": "def forward(a0):\n" + "    pass\n" * 300,
    }
    rows = [finding(id=f"{n:08x}", bucket=f"{n:012x}", signature=f"RA101 missing {n}", **long) for n in range(300)]
    assert len(html.page(build(log(*rows), ())).encode()) < 5_000_000


def test_what_other_compilers_and_devices_did_stands_beside_the_graph():
    """The fault of a backend shows nowhere else: eager and the graph agree."""
    accepted = {"outcome": "accepted", "by": "", "error": "", "text": ""}
    rejected = {"outcome": "rejected", "by": "assert", "error": "RuntimeError", "text": "u0 is too small"}
    witness = {**finding()["witness"], "eager": rejected, "after": rejected, "others": {"aot_eager graph": accepted}}
    row = finding(property="RA602", subject="backend", stage="backend", witness=witness)
    report = build(log(row), ())
    page = every_file(report)["index.html"]
    assert "aot_eager graph" in page
    assert "The input that proves it" in page
    assert "aot_eager graph  accepts" in "\n".join(str(part) for part in terminal.evidence(row))
