"""Okta's people: found by id, login, or expression; deactivated before they can be deleted."""

import httpx
import pytest

from tests.sandbox.okta.okta_support import Okta


def logins(okta: Okta, query: str) -> list[str]:
    return [user["profile"]["login"] for user in okta.got("GET", f"/users?{query}")]


def test_seed_people_exist(okta: Okta) -> None:
    found = logins(okta, "")
    assert {f"{n}@example.com" for n in ("ada", "grace", "alan", "katherine", "edsger")} < set(
        found
    )


def test_me_is_the_tokens_owner(okta: Okta) -> None:
    assert okta.got("GET", "/users/me")["profile"]["firstName"] == "Okta"


@pytest.mark.parametrize("key", ["ada@example.com", "ADA@example.com", "ada"])
def test_user_by_login(okta: Okta, key: str) -> None:
    assert okta.got("GET", f"/users/{key}")["profile"]["lastName"] == "Lovelace"


def test_unknown_user_is_404(okta: Okta) -> None:
    error = okta.got("GET", "/users/nobody@example.com", status=404)
    assert error["errorSummary"] == "Not found: Resource not found: nobody@example.com (User)"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('search=profile.email eq "ada@example.com"', ["ada"]),
        ('search=profile.email eq "ADA@EXAMPLE.COM"', ["ada"]),
        ('search=profile.lastName sw "Ho" or profile.lastName eq "Turing"', ["grace", "alan"]),
        ('search=profile.firstName eq "Ada" and status eq "SUSPENDED"', []),
        ('search=(profile.firstName eq "Ada" or status eq "X") and status eq "ACTIVE"', ["ada"]),
        ('search=profile.lastName co "uRi"', ["alan"]),
        ("search=profile.department pr", []),
        ('filter=profile.login eq "grace@example.com"', ["grace"]),
        ("q=kat", ["katherine"]),
        ("q=Turing", ["alan"]),
    ],
)
def test_search(okta: Okta, query: str, expected: list[str]) -> None:
    assert logins(okta, query) == [f"{name}@example.com" for name in expected]


@pytest.mark.parametrize(
    "query",
    [
        "search=profile.email eq",
        'search=profile.email is "x"',
        'search=(status eq "ACTIVE"',
        "search=%20",
        'filter=profile.city eq "x"',
        'search=status eq "ACTIVE" extra',
        'search=profile.email eq "\\q"',
        "search=" + "(" * 60,
    ],
)
def test_bad_expressions_are_refused(okta: Okta, query: str) -> None:
    assert okta.got("GET", f"/users?{query}", status=400)["errorCode"] == "E0000031"


def test_pages_are_joined_by_links(okta: Okta) -> None:
    found: list[str] = []
    url: str | None = "/api/v1/users?limit=2"
    while url:
        answer = okta.get(url)
        assert len(answer.json()) <= 2
        found += [user["id"] for user in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert len(found) == len(set(found)) == 6


def test_bad_limit_is_refused(okta: Okta) -> None:
    okta.got("GET", "/users?limit=none", status=400)


def test_created_user_can_be_found(okta: Okta) -> None:
    profile = {
        "login": "new@example.com",
        "email": "new@example.com",
        "firstName": "New",
        "lastName": "Person",
    }
    created = okta.got("POST", "/users", {"profile": profile})
    assert okta.got("GET", "/users/new@example.com")["id"] == created["id"]
    error = okta.got("POST", "/users", {"profile": profile}, 400)
    assert "already exists" in error["errorCauses"][0]["errorSummary"]


def test_update_keeps_what_is_left_out(okta: Okta) -> None:
    ada = okta.user("ada")
    okta.got("POST", f"/users/{ada}", {"profile": {"email": "lovelace@example.com"}})
    profile = okta.got("GET", f"/users/{ada}")["profile"]
    assert (profile["email"], profile["login"]) == ("lovelace@example.com", "ada@example.com")


def test_deactivated_people_are_listed_only_on_request(okta: Okta) -> None:
    okta.sandbox.world.okta.late.search_seconds = 0
    okta.got("POST", f"/users/{okta.user('ada')}/lifecycle/deactivate")
    assert "ada@example.com" not in logins(okta, "")
    assert logins(okta, 'search=status eq "DEPROVISIONED"') == ["ada@example.com"]


def test_delete_takes_two_calls(okta: Okta) -> None:
    ada = okta.user("ada")
    okta.got("DELETE", f"/users/{ada}", status=204)
    assert okta.got("GET", f"/users/{ada}")["status"] == "DEPROVISIONED"
    okta.got("DELETE", f"/users/{ada}", status=204)
    okta.got("GET", f"/users/{ada}", status=404)


def test_step_that_does_not_fit_the_status_is_refused(okta: Okta) -> None:
    ada = okta.user("ada")
    okta.got("POST", f"/users/{ada}/lifecycle/suspend")
    error = okta.got("POST", f"/users/{ada}/lifecycle/suspend", status=403)
    assert error["errorCode"] == "E0000038"


def test_groups_of_a_user(okta: Okta) -> None:
    okta.group("Billing", "ada")
    names = [g["profile"]["name"] for g in okta.got("GET", "/users/ada@example.com/groups")]
    assert names == ["Everyone", "Billing"]


def test_only_the_owner_has_a_role(okta: Okta) -> None:
    assert okta.got("GET", f"/users/{okta.user('ada')}/roles") == []
    owner = okta.got("GET", "/users/me")["id"]
    assert okta.got("GET", f"/users/{owner}/roles")[0]["type"] == "SUPER_ADMIN"


def test_login_may_differ_from_the_address(okta: Okta, admin: httpx.Client) -> None:
    admin.post("users", json={"email": "tim@example.com", "userPrincipalName": "t.b@example.com"})
    profile = okta.got("GET", "/users/t.b@example.com")["profile"]
    assert (profile["login"], profile["email"]) == ("t.b@example.com", "tim@example.com")


def test_same_person_is_added_once(okta: Okta, admin: httpx.Client) -> None:
    first = admin.post("users", json={"email": "tim@example.com"}).json()["ids"]["okta"]
    assert admin.post("users", json={"email": "TIM@example.com"}).json()["ids"]["okta"] == first


def test_ids_are_the_same_after_a_reset(okta: Okta, admin: httpx.Client) -> None:
    before = (okta.group("A"), okta.user("ada"), okta.app())
    admin.post("reset")
    assert (okta.group("A"), okta.user("ada"), okta.app()) == before
    assert [i[:3] for i in before] == ["00g", "00u", "0oa"]
    assert all(len(i) == 20 for i in before)


def test_put_drops_what_is_left_out(okta: Okta) -> None:
    ada = okta.user("ada")
    okta.got("POST", f"/users/{ada}", {"profile": {"department": "Engines"}})
    profile = okta.got("GET", f"/users/{ada}")["profile"]
    whole = {name: profile[name] for name in ("login", "email", "firstName", "lastName")}
    assert okta.got("PUT", f"/users/{ada}", {"profile": whole})["profile"] == {
        **whole,
        "mobilePhone": None,
        "secondEmail": None,
    }
    okta.got("PUT", f"/users/{ada}", {"profile": {"login": "ada@example.com"}}, 400)


def test_unlocking_and_new_passwords(okta: Okta) -> None:
    ada = okta.user("ada")
    refused = okta.got("POST", f"/users/{ada}/lifecycle/unlock", status=403)
    assert refused["errorCode"] == "E0000032"
    okta.sandbox.world.okta.users[ada].status = "LOCKED_OUT"
    okta.got("POST", f"/users/{ada}/lifecycle/unlock")
    shown = okta.got("POST", f"/users/{ada}/lifecycle/expire_password_with_temp_password")
    assert set(shown) == {"tempPassword"}
    assert okta.got("GET", f"/users/{ada}")["status"] == "PASSWORD_EXPIRED"
    shown = okta.got("POST", f"/users/{ada}/lifecycle/reset_password?sendEmail=false")
    assert set(shown) == {"resetPasswordUrl"}
    assert okta.got("GET", f"/users/{ada}")["status"] == "RECOVERY"


def test_a_reactivation_answers_with_a_link_where_no_mail_is_sent(okta: Okta) -> None:
    ada = okta.user("ada")
    okta.got("POST", f"/users/{ada}/lifecycle/reset_password")  # RECOVERY
    shown = okta.got("POST", f"/users/{ada}/lifecycle/reactivate")
    assert sorted(shown) == ["activationToken", "activationUrl"]
    assert okta.got("POST", f"/users/{ada}/lifecycle/reactivate?sendEmail=true") == {}
