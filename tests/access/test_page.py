"""The page in a real browser: what it shows, that it asks nobody for anything, and how fast."""

import html
import json
import re
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cfscim.access.history import Span
from cfscim.access.log import Commit
from cfscim.access.page import as_html
from cfscim.access.picture import Account, Picture
from cfscim.config.roles import ROLES, Role
from tests.browser import CHROMIUM, browser, needs_browser

NOW = datetime(2026, 11, 26, tzinfo=UTC)
IN_CHARGE = ROLES.index(Role.SUPER_ADMINISTRATOR)


def commit(days_ago: int, words: str = "A change") -> Commit:
    when = NOW - timedelta(days=days_ago)
    return Commit(f"{days_ago:040x}", when, "Ada <ada@example.org>", words, ("Grace",))


def picture(spans: list[Span]) -> Picture:
    accounts = {
        f"{number:032x}": Account(f"{number:032x}", f"Account {number}", f"s{number}", "", "okta")
        for number in range(20)
    }
    return Picture(accounts, spans, known=True)


def span(
    person: str, account: int, role: Role, start: Commit | None, end: Commit | None = None
) -> Span:
    return Span(f"{account:032x}", person, role, "group", start, end)


SMALL = picture(
    [
        span("ada@example.org", 1, Role.ADMINISTRATOR, commit(100, "Ada </script><b>gains")),
        span("bo@example.org", 2, Role.BILLING, commit(200), commit(50)),
        span("alan@example.org", 1, Role.SUPER_ADMINISTRATOR, commit(300)),
        span("new@example.org", 3, Role.BILLING, None),
    ]
)


def opened(folder: Path, page: str, fragment: str = "", *more: str) -> str:
    """The document after the page's script has run."""
    file = folder / "page.html"
    file.write_text(page)
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={folder / 'profile'}",
            "--virtual-time-budget=3000",
            *more,
            "--dump-dom",
            f"{file.as_uri()}#{fragment}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def table(document: str) -> dict[str, dict[str, str]]:
    """Person -> account -> roles, as the reader sees them."""
    head, body = (re.search(f"<{tag}>(.*?)</{tag}>", document, re.S) for tag in ("thead", "tbody"))
    assert head
    assert body
    names = [
        re.sub(r"<small>.*?</small>|<[^>]+>", "", cell)
        for cell in re.findall(r"<th.*?</th>", head[1], re.S)
    ][1:]
    people = {}
    for row in re.findall(r"<tr>(.*?)</tr>", body[1], re.S):
        person, cells = (
            re.match(r"<th[^>]*>(.*?)</th>", row)[1],
            re.findall(r"<td[^>]*>(.*?)</td>", row),
        )
        roles = [" ".join(re.findall(r">([^<]+)</span>", cell)) for cell in cells]
        people[html.unescape(person)] = {n: r for n, r in zip(names, roles, strict=True) if r}
    return people


@needs_browser
def test_people_by_accounts_now_and_on_a_day_of_the_past(tmp_path: Path) -> None:
    page = as_html(SMALL, NOW)
    assert table(opened(tmp_path, page)) == {
        "ada@example.org": {"Account 1": "Administrator"},
        "alan@example.org": {"Account 1": "Super Administrator"},
        "new@example.org": {"Account 3": "Billing"},
    }
    past = (NOW - timedelta(days=80)).date()
    assert table(opened(tmp_path, page, f"at={past}")) == {
        "ada@example.org": {"Account 1": "Administrator"},
        "alan@example.org": {"Account 1": "Super Administrator"},
        "bo@example.org": {"Account 2": "Billing"},
    }, "what is not committed yet was not there"


@needs_browser
def test_the_filters_narrow_people_accounts_and_roles(tmp_path: Path) -> None:
    page = as_html(SMALL, NOW)
    assert list(table(opened(tmp_path, page, "q=ADA"))) == ["ada@example.org"]
    assert list(table(opened(tmp_path, page, "q=account+3"))) == ["new@example.org"]
    assert list(table(opened(tmp_path, page, f"role={IN_CHARGE}"))) == ["alan@example.org"]


@needs_browser
def test_somebody_types_and_moves_the_slider_and_points(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(as_html(SMALL, NOW))
    people = "[...document.querySelectorAll('tbody th')].map(cell => cell.innerText)"
    with browser(tmp_path) as page:
        page.open(file.as_uri())
        everybody = ["ada@example.org", "alan@example.org", "new@example.org"]
        assert page.value(people) == everybody
        page.write("$('q')", "account 1 ada")
        page.until("document.querySelectorAll('tbody tr').length === 1")
        assert page.value(people) == ["ada@example.org"]
        assert "Only what holds" in page.text()
        page.write("$('q')", " ")
        page.until("document.querySelectorAll('tbody tr').length === 3")
        seen = []
        for step in range(5):
            page.choose("$('time')", str(step))
            seen.append(page.value(people))
        alan, bo, ada = "alan@example.org", "bo@example.org", "ada@example.org"
        assert seen == [[alan], [alan, bo], [ada, alan, bo], [ada, alan], everybody]
        page.choose("$('role')", str(IN_CHARGE))
        assert page.value(people) == [alan]
        page.click("document.querySelector('tbody .r')")
        assert "alan@example.org: Super Administrator - All Privileges in Account 1 since" in (
            page.text()
        )
        assert page.asked == [file.as_uri()]


@needs_browser
def test_no_request_leaves_the_page(tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    opened(
        tmp_path,
        as_html(SMALL, NOW),
        "",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        f"--log-net-log={log}",
    )
    urls = re.findall(r'"url":"([^"]+)"', log.read_text())
    initiated = [url for url in urls if not re.match(r"file:|data:|chrome|about:", url)]
    # The browser's own housekeeping is not the page's; the page could only name these hosts.
    assert not [url for url in initiated if not re.search(r"google|gstatic|googleapis", url)]


def test_the_page_names_no_address_and_forbids_every_request() -> None:
    page = as_html(SMALL, NOW)
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|src=|<link|@import|url\(", page)
    assert "</script><b>" not in page, "a subject cannot leave the data"
    data = re.search(r'id="data">(.*?)</script>', page, re.S)
    assert data
    assert json.loads(data[1])["people"][0] == "ada@example.org"


@needs_browser
def test_500_people_in_20_accounts_are_there_within_a_second(tmp_path: Path) -> None:
    spans = [
        span(
            f"person{number}@example.org",
            account,
            ROLES[(number + account) % 4],
            commit(number % 300),
        )
        for number in range(500)
        for account in range(20)
    ]
    began = time.monotonic()
    page = as_html(picture(spans), NOW)
    assert time.monotonic() - began < 1
    document = opened(tmp_path, page)
    assert len(table(document)) == 500
    drawn = re.search(r'data-drawn="(\d+)"', document)
    assert drawn
    assert int(drawn[1]) < 1000, "milliseconds"


LOST = """<script>
const right = document.documentElement.clientWidth, every = [...document.querySelectorAll(".r")];
const there = every.filter(badge => badge.getBoundingClientRect().width);
const lost = there.filter(badge => badge.getBoundingClientRect().right > right);
document.documentElement.dataset.paper = [every.length, there.length, lost.length].join();
</script>"""
LONG = f"{'a' * 60}@{('b' * 60 + '.') * 3}example.org"
"""As long as an address may be."""


def crowd(accounts: int, somebody: str, name: str = "Account") -> Picture:
    spans = [
        span(person, account, Role.SUPER_ADMINISTRATOR, None)
        for person in [*(f"somebody.with.a.name{n}@example.org" for n in range(19)), somebody]
        for account in range(accounts)
    ]
    made = picture(spans)
    named = {id: replace(known, name=f"{name} {id[-2:]}") for id, known in made.accounts.items()}
    return replace(made, accounts=named)


@needs_browser
@pytest.mark.parametrize("name", ["Account", "W" * 120, "שלום 日本語の会社名" * 6])
@pytest.mark.parametrize("somebody", ["ada@example.org", LONG])
@pytest.mark.parametrize("accounts", [3, 8, 20])
def test_paper_loses_no_role_whatever_the_accounts_and_names(
    tmp_path: Path, accounts: int, somebody: str, name: str
) -> None:
    page = as_html(crowd(accounts, somebody, name)).replace("@media print", "@media all") + LOST
    # What A4 across holds between its margins, at 96 dots an inch.
    document = opened(tmp_path, page, f"role={IN_CHARGE}", "--window-size=1047,740")
    found = re.search(r'data-paper="(.*?)"', document)
    assert found
    assert found[1] == f"{20 * accounts},{20 * accounts},0"
    assert "Only Super Administrator - All Privileges." in document, "a filter is told on paper"


@needs_browser
@pytest.mark.parametrize("width", [400, 1200])
def test_a_long_name_leaves_the_roles_to_be_seen(tmp_path: Path, width: int) -> None:
    file = tmp_path / "page.html"
    file.write_text(as_html(crowd(3, LONG, "W" * 120)))
    with browser(tmp_path) as page:
        page.resize(width, 800)
        page.open(file.as_uri())
        right = page.value("document.querySelector('tbody .r').getBoundingClientRect().right")
        assert isinstance(right, float)
        assert right <= width
        assert page.value("document.documentElement.scrollHeight <= innerHeight"), "one scroll bar"
        assert page.contrast() >= 4.5


@needs_browser
def test_the_keyboard_reaches_every_role_by_one_stop(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(as_html(SMALL, NOW))
    with browser(tmp_path) as page:
        page.open(file.as_uri())
        page.click("$('time')")
        page.choose("$('time')", "2")
        assert page.value("$('time').getAttribute('aria-valuetext')") == "2026-08-18"
        told = []
        for key in ("Tab", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp"):
            page.press(key)
            told.append(str(page.value("$('detail').textContent")).partition("@")[0])
        assert told == ["ada", "alan", "bo", "bo", "alan", "ada"]
        page.press("Tab")
        assert page.value("document.activeElement.className") == "", "past all of them"


@needs_browser
def test_an_address_with_a_view_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(as_html(SMALL, NOW))
    rows = "document.querySelectorAll('tbody tr').length"
    with browser(tmp_path) as page:
        page.open(f"{file.as_uri()}#at=nonsense&role=99")
        assert page.value(rows) == 3
        page.open(f"{file.as_uri()}#q=ada")
        page.until(f"{rows} === 1")
