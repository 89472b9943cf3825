"""A direct request reads as Starlette's own does."""

from starlette.requests import Request

from tracker.http.requests import DirectRequest

HEADERS = [
    (b"content-type", b"application/json"),
    (b"x-forwarded-for", b"1.2.3.4"),
    (b"x-forwarded-for", b"5.6.7.8"),
    (b"user-agent", b"Gr\xfc\xdfe"),
]


def both(query: bytes = b"") -> tuple[Request, Request]:
    scope = {"type": "http", "headers": HEADERS, "query_string": query}
    return Request(dict(scope)), DirectRequest(dict(scope))


def test_headers_are_found_whatever_their_case_and_the_first_of_a_name_counts() -> None:
    usual, direct = both()
    for name in ("content-type", "Content-Type", "x-forwarded-for", "user-agent", "cookie"):
        assert direct.headers.get(name) == usual.headers.get(name), name
        assert direct.headers.get(name, "none") == usual.headers.get(name, "none"), name
        assert direct.headers.getlist(name) == usual.headers.getlist(name), name
        assert (name in direct.headers) == (name in usual.headers), name
    assert direct.headers.get("x-forwarded-for") == "1.2.3.4"
    assert direct.headers["user-agent"] == "Grüße"


def test_query_parameters_are_read_where_there_are_some() -> None:
    for query in (b"", b"naming=snake", b"a=1&a=2&b="):
        usual, direct = both(query)
        assert direct.query_params.multi_items() == usual.query_params.multi_items()
        assert direct.query_params.multi_items() == usual.query_params.multi_items()
