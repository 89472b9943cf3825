"""The descriptions as documents, and the files of the page that shows them."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract.described import closed
from tracker.http.description import asyncapi, openapi
from tracker.http.description.failures import FAILURES
from tracker.http.description.schemas import components
from tracker.ingest.event_fields import DIALECTS, FIELDS
from tracker.live import requests
from tracker.live.encoding import Naming, encode_message
from tracker.live.messages import MESSAGES

VENDOR = Path(__file__).resolve().parents[2] / "web" / "static" / "docs" / "vendor"
NAMINGS = list(Naming)


@pytest.fixture(params=NAMINGS)
def naming(request: pytest.FixtureRequest) -> Naming:
    return Naming(request.param)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (value["$ref"],) if isinstance(value.get("$ref"), str) else ()
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _resolved(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_the_document_is_valid_openapi(naming: Naming) -> None:
    document = openapi.document(naming)
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_component_is_used_and_every_reference_leads_somewhere(naming: Naming) -> None:
    for document in (openapi.document(naming), asyncapi.document(naming)):
        references = set(_references(document))
        assert all(_resolved(document, reference) for reference in references)
        schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
        assert schemas - references == set()


NOT_SHOWN = {
    "logIn", "logOut", "setUp", "revokeKey",
    "removeWebhook", "testWebhook", "getDeliveries", "replayWebhook", "removeWatch",
}  # fmt: skip
"""An example would need a user, a login or a key: tests/contract/test_S4_logins.py and _keys.py have them."""


def test_every_operation_has_a_name_a_summary_and_an_example_of_its_success() -> None:
    names = [operation.name for operation in openapi.OPERATIONS]
    assert len(set(names)) == len(names)
    for operation in openapi.OPERATIONS:
        assert operation.summary
        shown = {example.status for example in operation.examples}
        is_shown = set(operation.successes) <= shown
        assert is_shown is (operation.name not in NOT_SHOWN), operation.name


def test_every_failure_that_is_told_about_is_used(naming: Naming) -> None:
    document = openapi.document(naming)
    used = {
        int(status)
        for methods in document["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
        if int(status) >= 400
    }
    # No operation that is described is answered with 405.
    assert used | {405} == set(FAILURES)


def test_the_dialects_are_those_of_the_parser() -> None:
    schemas = openapi.document()["components"]["schemas"]
    titles = [one["$ref"].rpartition("/")[2] for one in schemas["NewEvent"]["oneOf"]]
    assert [schemas[title]["required"] for title in titles] == [
        list(dialect.required) for dialect in DIALECTS.values()
    ]
    described = {name for title in titles for name in schemas[title]["properties"]}
    assert described == set(FIELDS)
    for title in titles:
        for name, schema in schemas[title]["properties"].items():
            if FIELDS[name].kind in ("name", "identifier"):
                assert schema["maxLength"] == FIELDS[name].limit


def test_texts_below_fields_of_a_struct_are_told_and_those_of_fields_written_anew_are_not() -> None:
    schemas = openapi.document()["components"]["schemas"]
    assert schemas["Row"]["properties"]["journey"]["description"] == "The last 20 pages, newest last."
    assert "description" not in schemas["SessionDetail"]["properties"]["journey"]


def test_fields_are_written_as_they_are_sent() -> None:
    class Kind(msgspec.Struct, rename="camel"):
        opened_at: str | None
        page_count: int

    for naming, names in (("camel", ["openedAt", "pageCount"]), ("snake", ["opened_at", "page_count"])):
        _, found = components([Kind], Naming(naming))
        assert list(found["Kind"]["properties"]) == names
        assert found["Kind"]["required"] == names
        assert found["Kind"]["properties"][names[0]]["anyOf"][0]["format"] == "date-time"


def test_every_message_of_the_socket_is_described_and_its_example_is_as_it_is_sent(naming: Naming) -> None:
    document = json.loads(msgspec.json.encode(asyncapi.document(naming)))
    assert document["asyncapi"].startswith("3.")
    described = document["components"]["messages"]
    asked = {asyncapi.tag_of(kind): kind for kind in get_args(requests.Request)}
    assert set(described) == set(MESSAGES) | set(asked)
    assert set(document["channels"]["live"]["messages"]) == set(described)
    for name, message in described.items():
        (example,) = message["examples"]
        schema = {**message["payload"], "components": document["components"]}
        assert list(Draft202012Validator(closed(schema)).iter_errors(example["payload"])) == [], name
        if name in asked:
            assert type(requests.parse(json.dumps(example["payload"]))) is asked[name]
        else:
            sent = encode_message(asyncapi.SENT[name][1], 17, naming)
            assert json.loads(sent) == example["payload"]


def test_every_message_is_in_an_operation() -> None:
    document = asyncapi.document()
    used = {
        reference.rpartition("/")[2]
        for operation in document["operations"].values()
        for reference in _references(operation)
    }
    assert used - {"live"} == set(document["components"]["messages"])
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")


def test_S4_22_files_of_the_page_are_those_that_the_manifest_names() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text())
    found = {path.name: path.read_bytes() for path in VENDOR.iterdir() if path.name != "manifest.json"}
    hashes = {
        name: "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
        for name, content in found.items()
    }
    assert hashes == manifest["files"]
    (package,) = manifest["packages"].values()
    assert package["license"] == "Apache-2.0"
    assert b"Apache License" in found["LICENSE"]
    script = (VENDOR.parents[2] / "vendor_docs.mjs").read_text()
    assert package["integrity"] in script
    assert f'"{package["version"]}"' in script
