"""Whatever visitors and other services write is text (FAULTS.md 4, statements 9 and 10)."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints
from tests.browser.fake_service import STATIC, FakeService, event, iso, snapshot, visitor
from tests.browser.real_service import RealService
from tests.contract.rig import knows

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
    "<img src=x:x onerror\n=alert(1)>",
    "<IMG SRC=JaVaScRiPt:alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)><option>x</select>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)></audio>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<svg><script href=data:,alert(1) /></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<math href=javascript:alert(1)>x</math>",
    "<template><script>alert(1)</script></template>",
    "<slot onslotchange=alert(1)></slot>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><script>alert(1)</script></textarea>",
    "<xmp><script>alert(1)</script></xmp>",
    "<plaintext>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml version='1.0'?><x onload=alert(1)/>",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "\u003cimg src=x onerror=alert(1)\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "${alert(1)}",
    "`;alert(1);`",
    "style=background:url(javascript:alert(1))",
    "</script><script>alert(1)</script>",
    "]]></script><script>alert(1)</script>",
    '=HYPERLINK("javascript:alert(1)")',
    "toString",
    "hasOwnProperty",
]
VIOLATIONS = (
    "window.violations = [];"
    "document.addEventListener('securitypolicyviolation', (e) => violations.push(e.blockedURI));"
)
FOREIGN = (
    "script:not([src^='/static/']), iframe, img, style, math, object, embed, base, video, audio, template,"
    "marquee, form[action], meta[http-equiv], [onerror], [onload], [onfocus], [href^='javascript']"
)


def assert_all_is_text(page: Page) -> None:
    assert page.locator(FOREIGN).count() == 0
    assert page.evaluate("violations") == []


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
    dashboard.add_init_script(VIOLATIONS)
    dashboard.set_viewport_size({"width": 1440, "height": 2_000})
    service.snapshot = snapshot([hostile_visitor(n, text) for n, text in enumerate(PAYLOADS)])
    dashboard.goto(service.url)
    expect(dashboard.get_by_role("grid")).to_have_attribute("aria-rowcount", str(len(PAYLOADS) + 1))
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
    expect(dashboard.locator("#feed > li")).to_have_count(50)
    expect(dashboard.locator("#alerts > li")).to_have_count(50)
    expect(dashboard.locator("tbody")).to_contain_text("<img src=x onerror=alert(1)>")
    assert_all_is_text(dashboard)
    for kind in ("Countries", "Companies"):
        dashboard.get_by_role("button", name=kind, exact=True).click()
        assert_all_is_text(dashboard)
    dashboard.get_by_role("button", name="Group by company").click()
    expect(dashboard.locator("tbody tr.group").first).to_be_visible()
    assert_all_is_text(dashboard)


def test_S4_10_payloads_in_an_opened_visit_stay_text(dashboard: Page, service: FakeService) -> None:
    dashboard.add_init_script(VIOLATIONS)
    service.visit = {
        "journey": [{"page": text, "at": iso()} for text in PAYLOADS],
        "events": [event(text, type=text, page=text, timestamp=iso()) for text in PAYLOADS],
        "endedAt": None,
    }
    service.past_visits = [
        {
            "sessionId": text,
            "openedAt": iso(60),
            "duration": 5,
            "pageCount": 1,
            "contact": {"name": text},
        }
        for text in PAYLOADS
    ]
    service.snapshot = snapshot([hostile_visitor(1, PAYLOADS[1]), hostile_visitor(2, PAYLOADS[1])])
    dashboard.goto(service.url)
    dashboard.locator("tbody .cell-person").first.click()
    expect(dashboard.locator("#journey .path")).to_have_count(len(PAYLOADS))
    expect(dashboard.locator("#past-visits > li")).to_have_count(10)
    expect(dashboard.get_by_role("dialog").locator("a")).to_have_count(0)
    assert_all_is_text(dashboard)


def test_S4_10_payloads_through_the_whole_service_stay_text(live_page: Page, real: RealService) -> None:
    live_page.add_init_script(VIOLATIONS)
    for number, text in enumerate(PAYLOADS):
        ip = f"185.242.9.{number + 1}"
        knows(real.vendor, ip, text, name=text, title=text, emailAddresses=[f"{text}@x.example"])
        body = {
            "type": text,
            "sessionId": f"s{number}",
            "page": text,
            "country": text,
            "userId": f"u{number}",
            "ip": ip,
            "metadata": {"device": text, "referrer": text, "browser": text, "os": text, "note": text},
        }
        # Some of them are refused, and that is as good.
        real.http.post("/api/events", json=body)
    live_page.goto(real.url)
    # Most of the payloads make a visitor each; the grid counts its head too.
    many = re.compile(r"^([4-9]\d)$")
    expect(live_page.get_by_role("grid")).to_have_attribute("aria-rowcount", many)
    assert_all_is_text(live_page)
    for row in range(3):
        live_page.locator("tbody tr.visitor .cell-person").nth(row).click()
        expect(live_page.locator("#journey .path").first).to_be_visible()
        assert_all_is_text(live_page)
        live_page.get_by_role("button", name="Close").click()
    live_page.get_by_role("link", name="History").click()
    expect(live_page.get_by_role("main")).to_contain_text("<img src=x onerror=alert(1)>")
    assert_all_is_text(live_page)


def test_S4_09_policy_is_enforced_so_that_its_silence_means_something(
    dashboard: Page, service: FakeService, complaints: Complaints
) -> None:
    dashboard.goto(service.url)
    blocked = dashboard.evaluate(
        "new Promise((done) => {"
        " document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective));"
        " setTimeout(() => done(null), 15000);"
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
    expect(dashboard.locator("tbody tr.visitor")).to_have_count(1)
    service.send(("alert", {"level": "info", "message": "still here", "details": {}, "at": iso()}))
    expect(dashboard.locator("#alerts")).to_contain_text("still here")
