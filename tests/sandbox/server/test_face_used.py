"""The sandbox's page in a real browser: what it shows is the state, and its buttons do what they say."""

import json
from collections.abc import Callable, Iterator

import pytest

from cfscim.config.roles import Role
from sandbox.server.people import Person
from tests.browser import Browser, browser, needs_browser
from tests.conftest import admin_client
from tests.sandbox.server.test_face import make_group
from tests.verify.verify_base import ENTRA, OKTA, Bases, Combination

pytestmark = needs_browser
BILLING, ADA = Role.BILLING.value, "ada@example.com"
ROWS = "[...document.querySelectorAll('#{} tr')].map(r => [...r.cells].map(c => c.innerText))"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def look(chromium: Browser, bases: Bases) -> Callable[[Combination], Browser]:
    def at(combination: Combination) -> Browser:
        bases.stack(combination)
        chromium.asked.clear()
        chromium.open(f"{bases.sandbox.origin}/")
        if combination == ENTRA:
            chromium.choose("by('provider').elements.provider", "entra")
        chromium.until("document.querySelectorAll('#members tr').length > 1")
        return chromium

    return at


def rows(page: Browser, table: str) -> list[list[str]]:
    shown = page.value(ROWS.format(table))
    assert isinstance(shown, list)
    return shown


def press(page: Browser, words: str) -> None:
    """Clicks the button with these words, and waits until the page says that it is done."""
    page.value("by('said').textContent = ''")
    page.click(
        f"[...document.querySelectorAll('button')].find(b => b.textContent === {json.dumps(words)})"
    )
    page.until("by('said').textContent !== ''")


def roles(page: Browser, person: str) -> list[str]:
    return [row[1] for row in rows(page, "members") if row[0] == person]


def same_as_state(page: Browser, bases: Bases) -> None:
    """Every role on the page is the state's, and the other way round."""
    with admin_client(bases.sandbox) as admin:
        state = admin.get("state").json()["cloudflare"]
    names = {account["id"]: account["name"] or account["id"] for account in state["accounts"]}
    wanted: dict[str, list[list[str]]] = {}
    for m in state["members"]:
        line = [", ".join(m["roles"]), m["status"], names[m["accountId"]]]
        wanted.setdefault(m["email"], []).append(line)
    shown = {
        person: [list(line) for line in zip(*(cell.split("\n") for cell in cells), strict=True)]
        for person, *cells in rows(page, "members")
    }
    assert shown == wanted


@pytest.mark.parametrize("provider", [OKTA, ENTRA], ids=["okta", "entra"])
def test_a_member_joins_and_leaves_and_is_suspended(
    look: Callable[[Combination], Browser], bases: Bases, provider: Combination
) -> None:
    page = look(provider)
    same_as_state(page, bases)
    group = "[...by('member').elements.group.options].find(o => o.text === 'Billing').value"
    page.write("by('member').elements.email", ADA)
    page.choose("by('member').elements.group", str(page.value(group)))
    press(page, "Add to the group")
    assert ADA in dict(rows(page, "groups"))[BILLING]
    press(page, "Run a provisioning cycle")
    assert BILLING in roles(page, ADA)[0]
    same_as_state(page, bases)
    press(page, "Remove")
    assert ADA not in dict(rows(page, "groups"))[BILLING]
    press(page, "Run a provisioning cycle")
    assert BILLING not in roles(page, ADA)[0]
    assert Role.ADMINISTRATOR.value in roles(page, ADA)[0]
    page.value("by('said').textContent = ''")
    page.click(
        f"[...document.querySelectorAll('#people tr')].find(r => r.cells[0].innerText === '{ADA}')"
        ".querySelector('button')"
    )
    page.until("by('said').textContent !== ''")
    (ada,) = (row for row in rows(page, "people") if row[0] == ADA)
    assert ada[1:] == [{OKTA: "SUSPENDED", ENTRA: "disabled"}[provider], "Let in again"]
    press(page, "Run a provisioning cycle")
    same_as_state(page, bases)
    press(page, "Let in again")
    assert all(row[2] == "Suspend" for row in rows(page, "people"))
    assert page.asked
    assert all(url.startswith(f"{bases.sandbox.origin}/") for url in page.asked), page.asked


def test_a_new_person_and_a_token_pasted_in_okta_s_console(
    look: Callable[[Combination], Browser], bases: Bases
) -> None:
    page = look(OKTA)
    page.write("by('person').elements.email", "new@example.com")
    press(page, "Add a person")
    assert ["new@example.com", "ACTIVE", "Suspend"] in rows(page, "people")
    stack = bases.stack(OKTA)
    page.until("!by('people').innerText.includes('new@example.com')")
    save = "Test and save; create and deactivate users"
    token = str(stack.printed["tokenValue"])
    page.write("by('console').elements.baseUrl", str(stack.printed["scimBaseUrl"]))
    page.write("by('console').elements.token", "a-wrong-token")
    press(page, save)
    assert "Error authenticating" in page.text()
    assert page.value("by('console').elements.token.value") == ""
    page.write("by('console').elements.token", token)
    press(page, save)
    assert "Okta's console: done." in page.text()
    assert token not in str(page.value("document.documentElement.outerHTML"))


def test_a_fault_and_the_requests_as_they_come(
    look: Callable[[Combination], Browser], bases: Bases
) -> None:
    page = look(OKTA)
    page.choose("by('fault').elements.kind", "503")
    press(page, "Set for the next request")
    assert "503 on cloudflare, fired 0 times" in page.text()
    before = len(str(page.value("by('requests').innerText")))
    press(page, "Deliver everything again")
    assert "503 on cloudflare, fired once" in page.text()
    assert len(str(page.value("by('requests').innerText"))) > before
    assert page.value("document.querySelectorAll('#requests .bad').length")
    press(page, "Drop all faults")
    assert page.value("by('faults').innerText") == ""
    # Nothing is drawn anew where nothing is new, or an open list would close under the mouse.
    page.value("by('members').firstChild.mark = window.seen = 1")
    page.value("refresh().then(() => { window.seen = 2; })")
    page.until("window.seen === 2")
    assert page.value("by('members').firstChild.mark") == 1


def test_500_people_in_20_accounts_are_there_within_a_second(
    look: Callable[[Combination], Browser], bases: Bases
) -> None:
    page = look(OKTA)
    cloudflare = bases.sandbox.world.cloudflare
    for number in range(500):
        user = cloudflare.user_by_email(f"person{number}@example.com", create=True)
        assert user is not None
        for account in range(20):
            home = cloudflare.account(f"{account:032x}")
            cloudflare.add_member(home, user, roles=["Administrator Read Only"])
    page.open(f"{bases.sandbox.origin}/")
    began = page.processor_seconds()
    page.until("document.querySelectorAll('#members tr').length >= 500")
    page.value("document.body.offsetHeight")
    assert page.processor_seconds() - began < 1
    same_as_state(page, bases)
    page.write("by('filter').elements.words", f"person77@ {7:032x}")
    page.until("document.querySelectorAll('#members tr').length === 1")
    assert rows(page, "members")[0][:2] == ["person77@example.com", "Administrator Read Only"]


ODD = ["<script>alert(1)</script>", "\"Q\" & 'co'", "שלום", "😀", "W" * 200]


@pytest.mark.parametrize("provider", [OKTA, ENTRA], ids=["okta", "entra"])
def test_500_people_in_20_groups_of_any_name_fit_the_page(
    look: Callable[[Combination], Browser], bases: Bases, provider: Combination
) -> None:
    page = look(provider)
    directory = bases.sandbox.world.okta if provider == OKTA else bases.sandbox.world.entra
    odd = [f"{name}@example.com" for name in ("<b>x</b>", "o'brien", "w" * 200)]
    people = odd + [f"person{number}@example.com" for number in range(497)]
    ids = [directory.add_person(Person.of(email, "", "", "")) for email in people]
    kind = provider[0]
    for name in [*ODD, *(f"Group {number}" for number in range(15))]:
        directory.groups[make_group(bases.sandbox, kind, name)].members[:] = ids
    page.open(f"{bases.sandbox.origin}/")
    page.choose("by('provider').elements.provider", kind)
    began = page.processor_seconds()
    page.until("document.querySelectorAll('#people tr').length >= 500")
    page.value("document.body.offsetHeight")
    assert page.processor_seconds() - began < 1
    shown = dict(rows(page, "groups"))
    assert {*ODD} <= {*shown}
    assert set(shown[ODD[0]].split(", ")) == {*people}
    for width in (400, 1280):
        page.resize(width, 800)
        assert page.value("document.documentElement.scrollWidth") <= width
    assert page.value("document.querySelectorAll('tbody script, tbody b').length") == 0
    # What came of a button is seen at the bottom of the page, too.
    page.write("by('person').elements.email", "nobody")
    press(page, "Add a person")
    assert page.value("by('said').textContent") == (
        "Add nobody: email: 'nobody' is no e-mail address"
    )
    place = page.value("by('said').getBoundingClientRect().top")
    assert isinstance(place, int | float)
    assert 0 <= place < 800
    for dark in (True, False):
        page.dark(dark)
        assert page.contrast() >= 4.5


def test_an_empty_sandbox_says_what_is_missing(
    look: Callable[[Combination], Browser], bases: Bases
) -> None:
    page = look(OKTA)
    with admin_client(bases.sandbox) as admin:
        admin.post("reset").raise_for_status()
    page.until("by('members').innerText === 'none yet'")
    page.write("by('console').elements.baseUrl", "https://example.com")
    page.write("by('console').elements.token", "a-token-of-nobody")
    press(page, "Test and save; create and deactivate users")
    assert "there is no app yet" in page.text()
    page.write("by('member').elements.email", ADA)
    press(page, "Add to the group")
    assert "there is no group yet" in page.text()
