from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.fuzzing import examples
from tests.support.timing import best_thread_s
from tracker.ingest.addresses import CACHE_SIZE, _resolve, canonical, lookup_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("185.242.214.177", "185.242.214.177"),
        (" 185.242.214.177\n", "185.242.214.177"),
        ("373C:E94D:02BA:CC86:6113:68F8:282D:EFFF", "373c:e94d:2ba:cc86:6113:68f8:282d:efff"),
        ("2001:0db8:0:0:0:0:0:1", "2001:db8::1"),
        ("[::1]", "::1"),
        ("[1.2.3.4]", "1.2.3.4"),
        ("::ffff:185.242.1.1", "185.242.1.1"),
        ("::FFFF:b9f2:101", "185.242.1.1"),
    ],
)
def test_F2a_15_one_spelling_for_each_address(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown",
        "185.242.274.177",
        "1.2.3.4:80",
        "[::1]:80",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "١.٢.٣.٤",
        "::1%<script>",
        "fe80::1%eth0",
        "::ffff:1.2.3.04",
        "[[::1]]",
        "[::1",
        "::1\x00",
        "1.2.3.4/24",
        "16909060",
        "0x1.2.3.4",
        "\ud800",
        "1" * 1_000_000,
    ],
)
def test_F2a_14_what_is_no_address_is_none(text: str) -> None:
    assert canonical(text) is None
    assert lookup_address(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "198.18.0.1",
        "192.0.0.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "2002:0a00:0001::1",
        "64:ff9b::10.0.0.1",
        "::10.0.0.1",
        "::ffff:10.0.0.1",
    ],
)
def test_F2a_15_what_the_internet_cannot_reach_is_never_looked_up(text: str) -> None:
    assert canonical(text) is not None
    assert lookup_address(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("192.0.1.1", "192.0.1.1"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("[2A00:1450::8]", "2a00:1450::8"),
    ],
)
def test_a_public_address_is_looked_up_by_its_one_spelling(text: str, expected: str) -> None:
    assert lookup_address(text) == expected


def test_F2a_14_a_megabyte_of_text_costs_nothing_and_is_not_remembered() -> None:
    held = _resolve.cache_info().currsize

    def look_up_often() -> None:
        for _ in range(1000):
            canonical("2" * 1_000_000)
            lookup_address("3" * 1_000_000)

    assert best_thread_s(look_up_often, 0.5) < 2
    assert _resolve.cache_info().currsize == held
    assert _resolve.cache_info().maxsize == CACHE_SIZE


v6 = st.integers(0, 2**128 - 1).map(IPv6Address)
texts = st.one_of(
    st.text(max_size=80),
    st.text("0123456789abcdefABCDEF:.%[] ", max_size=50),
    st.integers(0, 2**32 - 1).map(lambda number: f"::ffff:{IPv4Address(number)}"),
    v6.map(lambda address: f"[{address.exploded.upper()}]"),
)


@settings(max_examples=examples(2000), deadline=None)
@given(texts)
@example("::1%\ud800")
def test_S4_15_F3_07_no_text_raises_and_the_canonical_form_is_stable(text: str) -> None:
    spelled = canonical(text)
    assert lookup_address(text) in (None, spelled)
    if spelled is not None:
        assert canonical(spelled) == spelled == str(ip_address(spelled))
        assert "%" not in spelled
