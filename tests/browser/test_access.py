"""Login, first setup, sites, keys, users and the line for pages, against the real service."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.access_service import ADMIN, PASSWORD, AccessService
from tests.browser.conftest import Complaints
from tests.browser.real_service import RealService
from tests.browser.test_accessibility import Scheme, axe, violations

__all__ = ["axe"]

HOSTILE = "<img src=x onerror=alert(1)>"
KEY = re.compile(r"trk_[ira]_[a-z2-7]{8}_[a-z2-7]{32}")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[AccessService]:
    with AccessService(tmp_path) as started:
        yield started


@pytest.fixture
def visitor(page: Page, guarded: AccessService) -> Iterator[Page]:
    """A page of somebody whom the service does not know."""
    page.set_default_timeout(30_000)
    with watched(page, guarded):
        yield page


class watched:
    """Fails for whatever a page complains about, but for refusals: those are what is tested."""

    def __init__(self, page: Page, service: RealService) -> None:
        self._complaints = Complaints(page, service.url)

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, *_: object) -> None:
        refusal = re.compile(r"console: Failed to load resource: .* status of 4\d\d")
        found = [complaint for complaint in self._complaints.found if not refusal.match(complaint)]
        if kind is None:
            assert found == []


@pytest.fixture
def admin(visitor: Page, guarded: AccessService) -> Page:
    visitor.goto(guarded.url)
    log_in(visitor)
    return visitor


def log_in(page: Page, email: str = ADMIN, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#connection")).to_contain_text("Connected")


def settings(page: Page, name: str) -> None:
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("navigation", name="Settings").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, level=2)).to_be_visible()


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def test_S4_04_nobody_sees_anything_without_a_login(visitor: Page, guarded: AccessService) -> None:
    guarded.send(guarded.key(), "secret-session", "/secret")
    visitor.goto(f"{guarded.url}/?view=history&range=hour")
    login = visitor.locator("#login")
    expect(login).to_contain_text("Please log in")
    expect(visitor.get_by_label("E-mail")).to_be_focused()
    assert "secret" not in visitor.content()
    visitor.get_by_label("E-mail").fill(ADMIN)
    visitor.get_by_label("Password").fill("wrong horse battery")
    visitor.keyboard.press("Enter")
    expect(login.get_by_role("alert")).to_have_text("The e-mail or the password is wrong.")
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.keyboard.press("Enter")
    # Where the reader wanted to go.
    expect(visitor.get_by_role("link", name="History")).to_have_attribute("aria-current", "page")
    expect(visitor.get_by_role("main")).to_contain_text("/secret")


def test_S5_too_many_attempts_say_how_long_to_wait(page: Page, tmp_path: Path) -> None:
    with AccessService(tmp_path, limits__login_per_minute=1) as guarded, watched(page, guarded):
        page.goto(guarded.url)
        page.get_by_label("E-mail").fill("who@example.com")
        for _ in range(2):
            page.get_by_label("Password").fill("wrong horse battery")
            with page.expect_response("**/api/auth/login"):
                page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Wait \d+ seconds|Wait a minute"))


def test_S5_2_the_setup_link_makes_the_administrator_once(
    page: Page, browser: Browser, tmp_path: Path, axe: str
) -> None:
    with AccessService(tmp_path, has_admin=False) as guarded, watched(page, guarded):
        link = guarded.setup_link
        page.goto(guarded.url)
        expect(page.locator("#login")).to_contain_text("#setup=")
        page.goto(link)
        expect(page.get_by_role("heading")).to_have_text("Set up this service")
        page.get_by_label("Password").fill("short")
        page.get_by_role("button", name="Set up").click()
        expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
        page.emulate_media(reduced_motion="reduce")
        assert violations(page, axe) == []
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        assert violations(page, axe) == []
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("The same again").fill("something else")
        page.get_by_role("button", name="Set up").click()
        expect(page.locator("#login")).to_contain_text("The two are not the same")
        page.get_by_label("The same again").fill(PASSWORD)
        page.get_by_role("button", name="Set up").click()
        expect(page.locator("#connection")).to_contain_text("Connected")
        assert "setup" not in page.url
        stranger = browser.new_page()
        stranger.goto(link)
        expect(stranger.locator("#login")).to_contain_text("The setup link was used already")
        log_in(stranger)
        stranger.close()


def test_S4_04_a_key_is_shown_once_and_ends_after_a_second_thought(
    admin: Page, guarded: AccessService
) -> None:
    admin.context.grant_permissions(["clipboard-read", "clipboard-write"])
    settings(admin, "Keys")
    expect(admin.get_by_role("main")).to_contain_text("No keys yet")
    admin.get_by_role("button", name="New key…").click()
    dialog(admin).get_by_label("Name").fill(HOSTILE)
    dialog(admin).get_by_label("Only from pages of").fill("shop.example")
    dialog(admin).get_by_role("button", name="Make key").click()
    expect(dialog(admin)).to_contain_text("“shop.example” is no origin")
    dialog(admin).get_by_label("Only from pages of").fill("")
    dialog(admin).get_by_role("button", name="Make key").click()
    shown = dialog(admin).get_by_role("region", name="The new key")
    expect(shown).to_have_text(KEY)
    key = shown.inner_text().strip()
    dialog(admin).get_by_role("button", name="Copy key").click()
    expect(dialog(admin)).to_contain_text("Copied")
    assert admin.evaluate("navigator.clipboard.readText()") == key
    dialog(admin).get_by_role("button", name="I have kept it").click()
    row = admin.get_by_role("list", name="Keys").get_by_role("listitem")
    expect(row).to_contain_text(HOSTILE)
    expect(row).to_contain_text("Send events")
    assert key not in admin.content()
    assert guarded.send(key, "a", "/").status_code == 201
    row.get_by_role("button", name="Revoke").click()
    expect(dialog(admin)).to_contain_text("stops working at once")
    dialog(admin).get_by_role("button", name="Cancel").click()
    assert guarded.send(key, "a", "/").status_code == 201
    row.get_by_role("button", name="Revoke").click()
    dialog(admin).get_by_role("button", name="Revoke key").click()
    expect(admin.get_by_role("main")).to_contain_text("No keys yet")
    expect(admin.get_by_role("heading", name="Keys")).to_be_focused()
    assert guarded.send(key, "a", "/").status_code == 401


def test_S4_04_a_key_can_be_bound_to_origins(admin: Page, guarded: AccessService) -> None:
    settings(admin, "Keys")
    admin.get_by_role("button", name="New key…").click()
    dialog(admin).get_by_label("Only from pages of").fill("https://shop.example, https://www.shop.example")
    dialog(admin).get_by_label("Read").check()
    expect(dialog(admin).get_by_label("Only from pages of")).to_have_count(0)
    dialog(admin).get_by_label("Read").uncheck()
    dialog(admin).get_by_role("button", name="Make key").click()
    expect(dialog(admin).get_by_role("region", name="The new key")).to_have_text(re.compile("^trk_i_"))
    admin.keyboard.press("Escape")
    expect(admin.get_by_role("list", name="Keys")).to_contain_text(
        "https://shop.example, https://www.shop.example"
    )


def test_S4_04_the_snippet_page_sees_the_first_event(admin: Page, guarded: AccessService) -> None:
    guarded.send(guarded.key(), "before", "/before")
    settings(admin, "Your pages")
    arrival = admin.locator("#arrival")
    expect(arrival).to_contain_text("Waiting for an event")
    expect(arrival).to_contain_text("viewed /before")
    expect(admin.get_by_text("It appears here")).to_be_visible()
    admin.get_by_role("button", name="Make an ingest key").click()
    line = admin.get_by_role("region", name="Line for your pages")
    expect(line).to_contain_text(f'<script defer src="{guarded.url}/tracker.js" data-key="trk_i_')
    found = KEY.search(line.inner_text())
    assert found is not None
    guarded.send(found[0], "a", f"/{HOSTILE}")
    expect(arrival).to_contain_text("We see your first event")
    expect(arrival).to_contain_text(f"viewed /{HOSTILE}")
    admin.get_by_label("Ingest key").fill(guarded.key("default", "read"))
    expect(admin.get_by_role("main")).to_contain_text("must never stand in a page")
    expect(line).to_have_count(0)


def test_S4_04_an_open_service_shows_no_keys_and_no_users(live_page: Page, real: RealService) -> None:
    live_page.goto(real.url)
    live_page.get_by_role("link", name="Settings").click()
    expect(live_page.get_by_role("heading", name="Your pages")).to_be_visible()
    pages = live_page.get_by_role("navigation", name="Settings").get_by_role("link")
    expect(pages).to_have_text(["Your pages", "Webhooks", "Watch list"])
    expect(live_page.locator(".site-switcher")).to_have_count(0)
    line = live_page.get_by_role("region", name="Line for your pages")
    expect(line).to_have_text(f'<script defer src="{real.url}/tracker.js"></script>')
    real.post({"type": "pageview", "sessionId": "a", "page": "/pricing"})
    expect(live_page.locator("#arrival")).to_contain_text("We see your first event")
    live_page.goto(f"{real.url}/?view=settings&tab=users")
    expect(live_page.get_by_role("heading", name="Your pages")).to_be_visible()


def test_S4_04_where_nothing_can_be_copied_the_text_is_selected(live_page: Page, real: RealService) -> None:
    # As on a page without HTTPS.
    live_page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    live_page.goto(f"{real.url}/?view=settings")
    live_page.get_by_role("button", name="Copy line").click()
    expect(live_page.get_by_role("main")).to_contain_text("press Ctrl+C")
    assert live_page.evaluate("getSelection().toString()").startswith("<script defer src=")


def test_S4_04_visitors_are_shown_before_it_is_known_who_looks(live_page: Page, real: RealService) -> None:
    real.post({"type": "pageview", "sessionId": "a", "page": "/pricing"})
    live_page.route("**/api/auth/me", lambda route: None)
    live_page.goto(real.url)
    expect(live_page.get_by_role("main")).to_contain_text("/pricing")


def test_S4_04_a_user_is_added_looks_and_is_shut_out_again(
    admin: Page, browser: Browser, guarded: AccessService
) -> None:
    settings(admin, "Users")
    admin.get_by_role("button", name="Add user…").click()
    dialog(admin).get_by_label("E-mail").fill("ann@example.com")
    dialog(admin).get_by_label("Password").fill("password")
    dialog(admin).get_by_role("button", name="Add user").click()
    expect(dialog(admin).get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    dialog(admin).get_by_label("Password").fill(PASSWORD)
    dialog(admin).get_by_role("button", name="Add user").click()
    ann = admin.get_by_role("listitem").filter(has_text="ann@example.com")
    expect(ann).to_contain_text("Viewer")
    theirs = browser.new_page()
    theirs.set_default_timeout(30_000)
    theirs.goto(guarded.url)
    log_in(theirs, "Ann@example.com ")
    theirs.get_by_role("link", name="Settings").click()
    pages = theirs.get_by_role("navigation", name="Settings").get_by_role("link")
    expect(pages).to_have_text(["Your pages", "Account"])
    expect(theirs.get_by_role("main")).to_contain_text("Ask an administrator")
    ann.get_by_role("button", name="Remove").click()
    dialog(admin).get_by_role("button", name="Remove user").click()
    expect(ann).to_have_count(0)
    expect(theirs.locator("#login")).to_contain_text("Please log in")
    assert "ann@example.com" not in theirs.content()
    theirs.close()


def test_S5_1_the_switcher_leads_to_the_other_site_and_to_nothing_of_this_one(
    admin: Page, guarded: AccessService
) -> None:
    shop = guarded.asks("/api/auth/register", {"name": "The shop"})
    guarded.send(guarded.key(), "mine", "/of-default")
    guarded.send(shop["key"], "theirs", "/of-the-shop")
    admin.reload()
    expect(admin.get_by_role("main")).to_contain_text("/of-default")
    switcher = admin.get_by_role("button", name="Site:")
    expect(switcher).to_have_text("Site: default")
    switcher.click()
    admin.keyboard.press("Escape")
    expect(switcher).to_be_focused()
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("link", name="default")).to_have_attribute("aria-current", "true")
    admin.get_by_role("link", name="The shop").click()
    expect(admin.get_by_role("main")).to_contain_text("/of-the-shop")
    assert "site=the-shop" in admin.url
    assert "/of-default" not in admin.content()
    expect(switcher).to_have_text("Site: The shop")
    settings(admin, "Keys")
    expect(admin.get_by_role("list", name="Keys")).to_contain_text("first key")
    admin.goto(f"{guarded.url}/?site=nobodys")
    expect(switcher).to_have_text("Site: nobodys")
    switcher.click()
    admin.get_by_role("link", name="default").click()
    expect(admin.get_by_role("main")).to_contain_text("/of-default")


def test_S4_04_logging_out_ends_it_here_and_everywhere(
    admin: Page, browser: Browser, guarded: AccessService
) -> None:
    elsewhere = browser.new_page()
    elsewhere.set_default_timeout(30_000)
    elsewhere.goto(guarded.url)
    log_in(elsewhere)
    settings(admin, "Account")
    admin.get_by_role("button", name="Log out", exact=True).click()
    expect(admin.locator("#login")).to_be_visible()
    admin.go_back()
    expect(admin.locator("#login")).to_be_visible()
    log_in(admin)
    settings(admin, "Account")
    admin.get_by_role("button", name="Log out everywhere").click()
    expect(admin.locator("#login")).to_be_visible()
    expect(elsewhere.locator("#login")).to_be_visible()
    elsewhere.close()


def test_S5_4_a_password_is_changed_with_the_old_one(admin: Page) -> None:
    settings(admin, "Account")
    admin.get_by_label("Password until now").fill("wrong horse battery")
    admin.get_by_label("New password").fill("another horse battery")
    admin.get_by_label("The new one again").fill("another horse battery")
    admin.get_by_role("button", name="Change password").click()
    expect(admin.get_by_label("Password until now")).to_have_attribute("aria-invalid", "true")
    admin.get_by_label("Password until now").fill(PASSWORD)
    admin.get_by_role("button", name="Change password").click()
    expect(admin.get_by_text("The password is changed.")).to_be_visible()
    admin.get_by_role("button", name="Log out", exact=True).click()
    log_in(admin, password="another horse battery")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_S7_axe_finds_nothing_in_login_and_settings(
    visitor: Page, guarded: AccessService, axe: str, scheme: Scheme
) -> None:
    page = visitor
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(guarded.url)
    expect(page.locator("#login")).to_be_visible()
    found = {"login": violations(page, axe)}
    guarded.asks("/api/auth/register", {"name": "The shop"})
    guarded.asks(
        "/api/auth/users", {"email": "ann@example.com", "password": "quite a long secret", "role": "viewer"}
    )
    guarded.key()
    log_in(page)
    for name in ("Your pages", "Keys", "Users", "Account"):
        settings(page, name)
        expect(page.get_by_text("Loading…")).to_have_count(0)
        found[name] = violations(page, axe)
    page.get_by_role("button", name="Site:").click()
    found["sites"] = violations(page, axe)
    settings(page, "Keys")
    page.get_by_role("button", name="Revoke").click()
    found["revoke"] = violations(page, axe)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New key…").click()
    found["new key"] = violations(page, axe)
    dialog(page).get_by_role("button", name="Make key").click()
    expect(dialog(page)).to_contain_text("shown this once")
    found["the key"] = violations(page, axe)
    page.keyboard.press("Escape")
    settings(page, "Users")
    page.get_by_role("button", name="Add user…").click()
    dialog(page).get_by_label("E-mail").fill("bob@example.com")
    dialog(page).get_by_label("Password").fill("password")
    dialog(page).get_by_role("button", name="Add user").click()
    expect(dialog(page).get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    found["add user"] = violations(page, axe)
    page.keyboard.press("Escape")
    ann = page.get_by_role("listitem").filter(has_text="ann@example.com")
    ann.get_by_role("button", name="Remove").click()
    found["remove user"] = violations(page, axe)
    assert {view: faults for view, faults in found.items() if faults} == {}


def test_nothing_sticks_out(admin: Page, guarded: AccessService) -> None:
    guarded.asks("/api/auth/register", {"name": "W" * 90})
    guarded.asks(
        "/api/auth/users", {"email": f"{'w' * 60}@example.com", "password": PASSWORD, "role": "admin"}
    )
    long = {"name": "x" * 100, "scopes": ["ingest"], "origins": [f"https://{'o' * 60}.example"]}
    guarded.asks("/api/auth/api-key", long)
    admin.reload()
    for name in ("Your pages", "Keys", "Users", "Account"):
        settings(admin, name)
        for width in (360, 768, 1440, 3840):
            admin.set_viewport_size({"width": width, "height": 800})
            assert admin.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            switcher = admin.get_by_role("button", name="Site:")
            switcher.click()
            assert admin.evaluate("document.documentElement.scrollWidth") <= width, ("sites", width)
            switcher.click()
