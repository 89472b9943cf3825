"""Whatever visitors and other services write is text (FAULTS.md 4, statements 9 and 10)."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints
from tests.browser.fake_service import STATIC, FakeService, event, iso, snapshot, visitor

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "javascript:alert(1)",
    "';alert(1);//",
    "</title></style></textarea><script src=//evil.example/x.js></script>",
    "<style>@import url(//evil.example/x.css)</style>",
    "<a href=javascript:alert(1) style=position:fixed;inset:0>x</a>",
    "{{constructor.constructor('alert(1)')()}}${alert(1)}",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
    "\u202egnp.exe\u0000\u001b[31m<body onload=alert(1)>",
    "__proto__",
    "constructor",
    "::1%<script>alert(1)</script>",
]


def hostile_visitor(number: int, text: str) -> dict[str, Any]:
    return visitor(
        f"{number}{PAYLOADS[number]}",
        ip=text,
        company={"guid": text, "name": text, "domain": text},
        contact={"name": text, "title": text, "emailAddresses": [text, text], "phoneNumbers": [text]},
        country=text,
        device=text,
        currentPage=text,
        journey=[text],
        status=text,
        enrichment=text,
        source=text,
    )


def test_S4_10_payloads_in_every_field_stay_text(dashboard: Page, service: FakeService) -> None:
    dashboard.add_init_script(
        "window.violations = [];"
        "document.addEventListener('securitypolicyviolation', (e) => violations.push(e.blockedURI));"
    )
    service.snapshot = snapshot([hostile_visitor(n, text) for n, text in enumerate(PAYLOADS)])
    dashboard.goto(service.url)
    expect(dashboard.locator("tbody tr")).to_have_count(len(PAYLOADS))
    elements = "document.querySelectorAll('*').length"
    stats = {"totalActive": 1, "totalToday": 1, "pagesVisited": dict.fromkeys(PAYLOADS, 1)}
    for number, text in enumerate(PAYLOADS):
        shown = event(text, type=text, page=text, country=text, device=text, sessionId=f"{number}{text}")
        service.send(
            ("visitor_update", {"event": shown | {"metadata": {text: text}}, "stats": stats}),
            ("alert", {"level": text, "message": text, "details": {text: text}, "at": text}),
            ("session_activity", hostile_visitor(number, text + " ")),
            ("upstream_status", {"status": text, "since": text}),
            (text, {text: text}),
        )
    # A message of an unknown type counts in the sequence and is skipped: no gap, no new snapshot.
    expect(dashboard.locator("#feed > li")).to_have_count(len(PAYLOADS))
    expect(dashboard.locator("#alerts > li")).to_have_count(len(PAYLOADS))
    expect(dashboard.locator("tbody")).to_contain_text("<img src=x onerror=alert(1)>")
    foreign = (
        "script:not([src^='/static/']), iframe, img, style, math, [onerror], [onload], [href^='javascript']"
    )
    assert dashboard.locator(foreign).count() == 0
    assert dashboard.evaluate("violations") == []
    before = dashboard.evaluate(elements)
    service.send(("session_activity", hostile_visitor(0, PAYLOADS[0])))
    dashboard.wait_for_timeout(600)
    assert dashboard.evaluate(elements) == before


def test_S4_9_policy_is_enforced_so_that_its_silence_means_something(
    dashboard: Page, service: FakeService, complaints: Complaints
) -> None:
    dashboard.goto(service.url)
    blocked = dashboard.evaluate(
        "new Promise((done) => {"
        " document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective));"
        " setTimeout(() => done(null), 2000);"
        " new Worker(URL.createObjectURL(new Blob([''])));"
        "}).catch(() => null)"
    )
    assert blocked == "worker-src"
    assert len(complaints.found) == 1
    complaints.found.clear()


@pytest.mark.parametrize("path", ["/", "/dashboard.html"])
def test_page_answers_on_both_addresses(dashboard: Page, service: FakeService, path: str) -> None:
    response = dashboard.goto(service.url + path)
    assert response is not None
    assert response.status == 200
    assert (STATIC / "index.html").read_text() == response.text()
    expect(dashboard.locator("#connection")).to_contain_text("Connected")


def test_a_broken_message_does_not_stop_the_page(dashboard: Page, service: FakeService) -> None:
    dashboard.goto(service.url)
    service.wait_for_dashboards(1)
    service.send_raw("<html>")
    service.send_raw('[null, 1, "x", {}, {"type": "visitor_update"}]')
    service.send(("session_activity", visitor("a", openedAt="yesterday", lastActivityAt=None, contact=7)))
    expect(dashboard.locator("tbody tr")).to_have_count(1)
    service.send(("alert", {"level": "info", "message": "still here", "details": {}, "at": iso()}))
    expect(dashboard.locator("#alerts")).to_contain_text("still here")
