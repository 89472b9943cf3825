"""Who is behind an address: the answer of the deanonymizer after the filters."""

from typing import NamedTuple


class Company(NamedTuple):
    guid: str
    name: str
    domain: str | None = None


class Contact(NamedTuple):
    guid: str
    name: str
    title: str | None = None
    email_addresses: tuple[str, ...] = ()
    """Work addresses only: personal ones are cut off before this is built."""
    phone_numbers: tuple[str, ...] = ()


class Identity(NamedTuple):
    """Company and contact behind an address, as far as they are known.

    For an address of a data centre only ``data_center_guid`` is set: the
    company's name and domain never enter the program.
    """

    company: Company | None = None
    contact: Contact | None = None
    data_center_guid: str | None = None

    @property
    def is_empty(self) -> bool:
        return self.company is None and self.contact is None and self.data_center_guid is None
