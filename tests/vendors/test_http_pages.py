"""Lists come whole, and a next page is fetched from the vendor only."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from cfscim.config.json_types import JsonObject
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.pages import link_pages, numbered_pages, odata_pages
from cfscim.vendors.retries import Policy
from tests.vendors.http_kit import BASE, Vendor, client, reply

Pages = Callable[[HttpClient], Iterator[JsonObject]]
ITEMS = [{"id": 1}, {"id": 2}]


def okta(http: HttpClient, *, log: bool = False) -> Iterator[JsonObject]:
    return link_pages(http, "/api/v1/users", {"limit": "2"}, log=log)


def graph(http: HttpClient) -> Iterator[JsonObject]:
    return odata_pages(http, "/v1.0/users", {"$top": "2"})


def cloudflare(http: HttpClient) -> Iterator[JsonObject]:
    return numbered_pages(http, "/accounts/1/members", {"order": "status"}, per_page=2)


def linked(url: str, body: object = ITEMS) -> httpx.Response:
    links = f'<{BASE}/api/v1/users?limit=2>; rel="self", <{url}>; rel="next"'
    return httpx.Response(200, json=body, headers={"Link": links})


def test_okta_links_are_followed() -> None:
    vendor = Vendor(
        linked(f"{BASE}/api/v1/users?limit=2&after=x"), httpx.Response(200, json=[{"id": 3}])
    )
    assert [item["id"] for item in okta(client(vendor))] == [1, 2, 3]
    assert vendor.paths == ["/api/v1/users?limit=2", "/api/v1/users?limit=2&after=x"]


def test_two_link_headers_are_one() -> None:
    headers = [("Link", f'<{BASE}/a>; rel="self"'), ("Link", f'<{BASE}/b?after=1>; rel="next"')]
    vendor = Vendor(httpx.Response(200, json=ITEMS, headers=headers), httpx.Response(200, json=[]))
    list(okta(client(vendor)))
    assert vendor.paths[1] == "/b?after=1"


def test_the_log_ends_at_an_empty_page() -> None:
    following = f"{BASE}/api/v1/users?after=x"
    vendor = Vendor(linked(following), linked(following, []))
    assert len(list(okta(client(vendor), log=True))) == 2


def test_graph_links_are_followed() -> None:
    vendor = Vendor(
        reply(200, {"value": ITEMS, "@odata.nextLink": f"{BASE}/v1.0/users?$skiptoken=x"}),
        reply(200, {"value": [{"id": 3}]}),
    )
    assert [item["id"] for item in graph(client(vendor))] == [1, 2, 3]
    assert vendor.paths[1] == "/v1.0/users?$skiptoken=x"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/api/v1/users",
        "http://vendor.example/api/v1/users",
        "https://vendor.example:8443/api/v1/users",
        "//evil.example/api/v1/users",
        "https://vendor.example@evil.example/api/v1/users",
    ],
)
def test_credentials_are_not_taken_elsewhere(elsewhere: str) -> None:
    for pages, answer in (
        (okta, linked(elsewhere)),
        (graph, reply(200, {"value": ITEMS, "@odata.nextLink": elsewhere})),
    ):
        vendor = Vendor(answer)
        with pytest.raises(AnswerError, match="credentials would be sent to another place"):
            list(pages(client(vendor)))
        assert len(vendor.requests) == 1


def test_cloudflare_pages_are_counted() -> None:
    info = {"total_pages": 2, "per_page": 2}
    vendor = Vendor(
        reply(200, {"result": ITEMS, "result_info": {**info, "page": 1}}),
        reply(200, {"result": [{"id": 3}], "result_info": {**info, "page": 2}}),
    )
    assert [item["id"] for item in cloudflare(client(vendor))] == [1, 2, 3]
    assert vendor.paths == [
        "/accounts/1/members?order=status&per_page=2",
        "/accounts/1/members?order=status&per_page=2&page=2",
    ]


def test_cloudflares_smaller_page_size_is_reckoned_with() -> None:
    info = {"total_count": 3, "per_page": 1}
    vendor = Vendor(*(reply(200, {"result": [{"id": n}], "result_info": info}) for n in (1, 2, 3)))
    assert len(list(cloudflare(client(vendor)))) == 3


@pytest.mark.parametrize("info", [{"cursor": "c"}, {"cursors": {"after": "c"}}])
def test_cloudflares_cursors_are_followed(info: JsonObject) -> None:
    vendor = Vendor(
        reply(200, {"result": ITEMS, "result_info": info}),
        reply(200, {"result": [{"id": 3}], "result_info": {"cursor": ""}}),
    )
    assert len(list(cloudflare(client(vendor)))) == 3
    assert vendor.paths[1].endswith("cursor=c")


def test_a_list_without_page_numbers_is_whole() -> None:
    vendor = Vendor(reply(200, {"result": ITEMS}))
    assert len(list(cloudflare(client(vendor)))) == 2
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("pages", [okta, graph, cloudflare])
@pytest.mark.parametrize(
    "body", ["text", [1], {"value": {}, "result": 7}, {"value": [None], "result": [1]}]
)
def test_what_is_no_list_of_objects_is_malformed(pages: Pages, body: object) -> None:
    with pytest.raises(AnswerError) as caught:
        list(pages(client(Vendor(httpx.Response(200, json=body)))))
    assert caught.value.kind == "malformed"


@pytest.mark.parametrize(
    ("pages", "answer"),
    [
        (okta, linked(f"{BASE}/api/v1/users?after=x")),
        (graph, reply(200, {"value": ITEMS, "@odata.nextLink": f"{BASE}/v1.0/users?again"})),
        (cloudflare, reply(200, {"result": ITEMS, "result_info": {"total_pages": 10**9}})),
    ],
)
def test_a_list_without_end_is_given_up(pages: Pages, answer: httpx.Response) -> None:
    vendor = Vendor(answer)
    with pytest.raises(AnswerError, match="more than 5 pages"):
        list(pages(client(vendor, policy=Policy(max_pages=5))))
    assert len(vendor.requests) == 6
