import re
from collections import Counter
from ipaddress import IPv6Address, ip_address
from random import Random

import msgspec
import pytest

from emitters.names import PERSONAL_EMAIL_DOMAINS
from emitters.population import DATA_CENTERS, FAMOUS_ADDRESSES, World
from tests.support.timing import best_thread_s

WORLD = World(seed=1)


def _snapshot(world: World) -> bytes:
    return msgspec.json.encode((world.residents, world.hot))


def test_the_same_seed_makes_the_same_world_and_another_seed_another() -> None:
    assert _snapshot(World(seed=7, size=500)) == _snapshot(World(seed=7, size=500))
    assert _snapshot(World(seed=7, size=500)) != _snapshot(World(seed=8, size=500))


def test_every_address_is_public_and_in_canonical_form() -> None:
    assert len(set(WORLD.addresses)) == 5_000
    for text in WORLD.addresses:
        address = ip_address(text)
        assert address.is_global
        assert str(address) == text


def test_there_are_all_kinds_of_addresses() -> None:
    kinds = Counter(
        "nobody" if resident is None else f"{bool(resident.company)} {bool(resident.contact)}"
        for resident in WORLD.residents.values()
    )
    assert min(kinds[kind] for kind in ("nobody", "True True", "True False", "False True")) > 200
    assert sum(isinstance(ip_address(text), IPv6Address) for text in WORLD.addresses) > 1_000


def test_data_centers_hold_many_addresses() -> None:
    assert [(center.guid, center.domain) for center in DATA_CENTERS] == [
        ("b8e8879e-3382-4908-8f1e-7638473d0913", "nxcore.com"),
        ("830886a1-728e-4d94-a808-44a92841154b", "vertexcloud.inc"),
    ]
    for center in DATA_CENTERS:
        held = [r for r in WORLD.residents.values() if r is not None and r.company == center]
        assert len(held) >= 100


def test_several_people_share_a_company() -> None:
    people: Counter[str] = Counter()
    for resident in WORLD.residents.values():
        if resident is not None and resident.company is not None and resident.contact is not None:
            people[resident.company.guid] += 1
    assert sum(count > 1 for count in people.values()) > 100


def test_work_addresses_belong_to_the_company_and_the_others_to_a_mail_provider() -> None:
    work = personal = 0
    for resident in WORLD.residents.values():
        if resident is None or resident.contact is None:
            continue
        for email in resident.contact.email_addresses:
            assert re.fullmatch(r"[a-z0-9._+-]+@[A-Za-z0-9.-]+", email), email
            domain = email.partition("@")[2]
            if resident.company is not None and domain == resident.company.domain:
                work += 1
            else:
                assert domain in PERSONAL_EMAIL_DOMAINS
                personal += 1
    assert work > 500
    assert personal > 500


def test_hot_addresses_come_again_and_again() -> None:
    rng = Random(1)
    picks = Counter(WORLD.pick(rng) for _ in range(3_000))
    assert sum(picks[address] for address in WORLD.hot) > 700
    assert len(picks) > 1_000


@pytest.mark.parametrize(
    "written",
    ["185.242.214.177", "::ffff:185.242.214.177", "0:0:0:0:0:ffff:b9f2:d6b1", "::FFFF:185.242.214.177"],
)
def test_an_address_is_found_in_every_spelling(written: str) -> None:
    assert WORLD.find(written) == WORLD.residents[FAMOUS_ADDRESSES[0]]
    assert WORLD.find("373C:E94D:02BA:CC86:6113:68F8:282D:EFFF") == WORLD.residents[FAMOUS_ADDRESSES[1]]


@pytest.mark.parametrize("written", ["185.242.274.177", "", "unknown", "9.9.9.9"])
def test_nobody_is_found_elsewhere(written: str) -> None:
    assert WORLD.find(written) is None


def test_a_world_is_made_quickly() -> None:
    assert best_thread_s(lambda: World(seed=3), 0.5) < 1.5
