"""Who is behind an address."""

import pytest

from tracker.core.identity import Company, Contact, Identity


@pytest.mark.parametrize(
    ("identity", "is_empty"),
    [
        (Identity(), True),
        (Identity(Company("g", "Acme")), False),
        (Identity(contact=Contact("g", "Ada")), False),
        (Identity(data_center_guid="g"), False),
    ],
)
def test_an_identity_without_anything_is_empty(identity: Identity, is_empty: bool) -> None:
    assert identity.is_empty is is_empty
