"""Whatever a config holds, the Markdown shows it as itself: no mention, no HTML, no broken table.

Read back with markdown-it, a CommonMark parser with GitHub's tables.
"""

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cfscim.config.messages import one_line
from cfscim.gitops.summary import COMMENT
from cfscim.report.document import Bullets, Code, Document, Paragraph, Prose, Section, Strong, Table
from cfscim.report.markdown import LONGEST_VALUE, clipped, fenced, render

HOSTILE = (
    "@octocat",
    "@org/team",
    "a|b",
    "`tick`",
    "``",
    "<img src=x onerror=alert(1)>",
    "-->",
    "#123",
    "$x$",
    "a\\|b",
    "[x](https://evil.example)",
    "*bold*",
    "line\nbreak",
    " padded ",
    "&amp;",
    "\u202etxt",
    "$`x`$",
    "| | |",
    "</details>",
    "GH-1",
    "",
)
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))


def parse(markdown: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)


def document(*blocks: object) -> Document:
    return Document("cfscim-plan dev", ("title",), (), (Section("s", tuple(blocks)),))  # type: ignore[arg-type]


def as_shown(text: str) -> str:
    return clipped(one_line(text)) or "(empty)"


@given(TEXTS, TEXTS)
@example("a|b", "`|`")
def test_a_value_in_a_table_is_shown_letter_for_letter(one: str, other: str) -> None:
    html = parse(render([document(Table(("A", "B"), (((Code(one),), ("x ", Code(other))),)))]))
    cells = re.findall(r"<td>(.*?)</td>", html, re.S)
    assert [unescape(re.sub("</?code>", "", cell)) for cell in cells] == [
        as_shown(one),
        f"x {as_shown(other)}",
    ]


@given(TEXTS)
@example("@octocat")
@example("ada@example.com")
def test_nothing_outside_code_can_be_a_mention_or_an_issue_link(text: str) -> None:
    page = document(
        Bullets(((Code(text),), (Prose(f"who: {text}, has it."),))), Paragraph((Code(text),))
    )
    html = re.sub(
        r"<code>.*?</code>|<a .*?</a>|<pre>.*?</pre>", "", parse(render([page])), flags=re.S
    )
    assert "@" not in unescape(html)
    assert not re.search(r"#\d", unescape(html))


@given(TEXTS)
@example("<script>alert(1)</script>")
@example("--")
@example("1. a")
def test_no_tag_comes_from_a_value(text: str) -> None:
    page = document(Bullets(((Code(text),), (Prose(text),), (Strong(text),))))
    tags = set(re.findall(r"<(/?[a-z0-9]+)", parse(render([page])).split("-->", 1)[1]))
    assert tags <= {
        "h2",
        "/h2",
        "h3",
        "/h3",
        "ul",
        "/ul",
        "li",
        "/li",
        "code",
        "/code",
        "p",
        "/p",
        "strong",
        "/strong",
        "a",
        "/a",
    }


@given(st.lists(st.one_of(TEXTS, st.just("````"), st.just("```diff")), max_size=5))
def test_a_code_block_ends_where_it_should(lines: list[str]) -> None:
    html = parse("\n".join([*fenced(lines, "diff"), "", "after"]))
    assert html.count("<pre>") == 1
    assert html.endswith("<p>after</p>\n")


def test_prose_keeps_commands_as_code_and_links_as_links() -> None:
    text = "run `pulumi up`, see https://example.com/a_b?x=1 and write ada@example.com."
    assert render([document(Bullets(((Prose(text),),)))]).splitlines()[5] == (
        "- run `pulumi up`, see <https://example.com/a_b?x=1> and write `ada@example.com`."
    )


def test_a_long_value_is_clipped() -> None:
    printed = render([document(Paragraph((Code("x" * 5000),)))])
    assert len(printed) < LONGEST_VALUE + 100


def _people(number: int) -> Table:
    rows = tuple(((Code(f"person{i:05}@example.com"),), ("gains",)) for i in range(number))
    return Table(("Person", "What"), rows)


def test_what_fits_is_not_cut() -> None:
    assert "Cut to fit" not in render([document(_people(100))])


def test_what_does_not_fit_is_cut_and_counted() -> None:
    printed = render([document(_people(20_000))])
    assert len(printed) <= COMMENT
    shown = printed.count("| gains |")
    assert f"… and {20_000 - shown:,} more" in printed
    assert f"{20_000 - shown:,} lines are left out" in printed


def test_details_are_cut_before_people() -> None:
    from cfscim.report.document import Diff, Weight

    rows = _people(600).rows
    page = document(
        Table(("P", "W"), rows, Weight.VITAL), Diff(tuple("x" * 80 for _ in range(900)))
    )
    printed = render([page])
    assert len(printed) <= COMMENT
    assert printed.count("| gains |") == 600


@pytest.mark.parametrize(("people", "stacks"), [(3000, 3), (300, 20), (30, 200), (2, 2000), (0, 9)])
def test_never_more_than_the_limit_however_many_stacks(people: int, stacks: int) -> None:
    page = document(_people(people))
    assert len(render([page] * stacks)) <= COMMENT
