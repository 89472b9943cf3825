"""FAULTS.md 4 statement 14: where a webhook may lead, whatever its name says and whenever it says it."""

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from tracker.notify.addresses import may_be_called
from tracker.notify.guard import MAX_ADDRESSES, MAX_URL, Guard, NotAllowed, SystemResolver, Unresolved

PUBLIC = "93.184.215.14"
PUBLIC_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
FORBIDDEN = (
    # this machine, this network
    "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.0.1", "::", "::1",
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fc00::1", "fd12:3456::1",
    "169.254.1.1", "fe80::1", "fe80::1%eth0", "fec0::1",
    # what clouds tell their machines
    "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254",
    # many, reserved, examples
    "224.0.0.1", "239.1.1.1", "ff02::1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.1",
    "203.0.113.1", "198.18.0.1", "192.0.0.1", "2001:db8::1", "3fff::1", "100::1", "5f00::1",
    # addresses that stand for others
    "::ffff:127.0.0.1", "::ffff:93.184.215.14", "::127.0.0.1", "2002:7f00:1::", "2002:5db8:d70e::1",
    "64:ff9b::7f00:1", "64:ff9b::5db8:d70e", "64:ff9b:1::1", "2001:0:5db8:d70e::1", "192.88.99.1",
)  # fmt: skip
STILL_FORBIDDEN = (
    "0.0.0.0", "::", "169.254.1.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254",
    "fe80::1", "224.0.0.1", "ff02::1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
)  # fmt: skip
"""With ``allow_private`` too."""


class Names:
    """A resolver whose answers change: each is given once, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_S4_14_addresses_that_are_not_for_everybody_are_refused(address: str) -> None:
    assert not may_be_called(ip_address(address))
    with pytest.raises(NotAllowed, match="private, local or reserved"):
        await Guard(resolve=Names([address]).resolve).target("https://hooks.example/x")
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(NotAllowed):
        await Guard(resolve=Names([PUBLIC]).resolve).target(f"https://{host}/x")


@pytest.mark.parametrize("address", STILL_FORBIDDEN)
def test_S4_14_private_ones_that_are_allowed_leave_others_out(address: str) -> None:
    assert not may_be_called(ip_address(address), allow_private=True)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.0.9", "100.64.0.1", "::1", "fd12::1"]
)
async def test_S4_14_private_ones_can_be_allowed(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    target = await Guard(allow_private=True).target(f"https://{host}/x")
    assert target.addresses == (ip_address(address),)


@pytest.mark.parametrize("address", [PUBLIC, PUBLIC_6, "1.1.1.1", "172.32.0.1", "223.255.255.1"])
async def test_public_addresses_are_what_is_called(address: str) -> None:
    names = Names([address])
    target = await Guard(resolve=names.resolve).target("https://hooks.example:8443/a?b=c")
    assert target.addresses == (ip_address(address),)
    (url,) = target.urls()
    assert url.host == address
    assert (url.port, url.raw_path, target.server_name) == (8443, b"/a?b=c", "hooks.example")
    assert names.asked == [("hooks.example", 8443)]


async def test_S4_14_one_forbidden_address_among_others_is_enough() -> None:
    for mixed in ([PUBLIC, "127.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC_6, PUBLIC, "::1"]):
        with pytest.raises(NotAllowed):
            await Guard(resolve=Names(mixed).resolve).target("https://hooks.example/")
    # Also behind those that would be tried.
    many = [f"93.184.215.{number}" for number in range(MAX_ADDRESSES)]
    with pytest.raises(NotAllowed):
        await Guard(resolve=Names([*many, "127.0.0.1"]).resolve).target("https://hooks.example/")
    target = await Guard(resolve=Names([*many, PUBLIC]).resolve).target("https://hooks.example/")
    assert len(target.addresses) == MAX_ADDRESSES


async def test_S4_14_a_name_that_means_something_else_later_is_refused_then() -> None:
    names = Names([PUBLIC], ["127.0.0.1"])
    guard = Guard(resolve=names.resolve)
    assert (await guard.target("https://rebind.example/")).addresses == (ip_address(PUBLIC),)
    assert len(names.asked) == 1, "asked once: what was checked is what is called"
    with pytest.raises(NotAllowed):
        await guard.target("https://rebind.example/")


@pytest.mark.parametrize("host", ["127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "localhost", "[::1]"])
async def test_S4_14_other_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises((NotAllowed, Unresolved)):
        await Guard().target(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example", "//hooks.example/", "ftp://hooks.example/", "file:///etc/passwd",
        "http://hooks.example/", "javascript:alert(1)", "https://", "https:///path",
        "https://user@hooks.example/", "https://user:password@hooks.example/", "https://@hooks.example/",
        "https://93.184.215.14@127.0.0.1/", "https://hooks.example/#fragment", "https://hooks.example/#",
        "https://hooks.example/a b", "https://hooks.example\\@127.0.0.1/", "https://hooks.example/\r\nX: 1",
        "https://hooks.example:99999/", "https://hooks.example:0/", "https://[::1/", "https://[v1.x]/",
        "https://[fe80::1%25eth0]/", "https://hooks%2eexample/", f"https://hooks.example/{'x' * MAX_URL}",
    ],
)  # fmt: skip
async def test_S4_14_what_is_no_address_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        await Guard(resolve=Names([PUBLIC]).resolve).target(url)
    assert "hooks" not in refused.value.reason


async def test_http_is_for_loopback_alone_and_only_where_private_ones_are_allowed() -> None:
    allowing = Guard(allow_private=True, resolve=Names(["10.0.0.1"]).resolve)
    assert (await Guard(allow_private=True).target("http://127.0.0.1:8000/")).addresses
    for guard, url in (
        (allowing, "http://intranet.example/"),
        (allowing, "http://93.184.215.14/"),
        (Guard(), "http://127.0.0.1:8000/"),
    ):
        with pytest.raises(NotAllowed):
            await guard.target(url)


async def test_a_host_without_an_address_is_told_apart() -> None:
    with pytest.raises(Unresolved):
        await Guard(resolve=Names([]).resolve).target("https://hooks.example/")
    with pytest.raises(Unresolved):
        await Guard().target("https://no-such-name.invalid/")


async def test_the_resolver_of_the_system_gives_addresses() -> None:
    assert "127.0.0.1" in await SystemResolver().resolve("localhost", 443)
