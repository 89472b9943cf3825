"""Make postman_collection.json out of what a running service says of itself.

    python examples/postman.py [http://127.0.0.1:3000] [FILE]

Each request has the first example of its body, and every optional parameter, turned off.
"""

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

Document = dict[str, Any]

COLLECTION = Path(__file__).with_name("postman_collection.json")
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
METHODS = ("get", "post", "put", "patch", "delete")
USE_KEY = [
    "const key = pm.variables.get('apiKey');",
    "if (key) pm.request.headers.upsert({key: 'x-api-key', value: key});",
]


def collection_of(api: Document) -> Document:
    """Return the collection (format 2.1) for an OpenAPI document, one folder a tag."""
    folders: dict[str, list[Document]] = {tag["name"]: [] for tag in api["tags"]}
    for path, methods in api["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                folders[operation["tags"][0]].append(item_of(method, path, operation))
    return {
        "info": {
            "name": api["info"]["title"],
            "description": "Made by examples/postman.py. Set baseUrl, and apiKey where access is required.",
            "schema": SCHEMA,
        },
        "variable": [{"key": "baseUrl", "value": "http://127.0.0.1:3000"}, {"key": "apiKey", "value": ""}],
        "event": [{"listen": "prerequest", "script": {"type": "text/javascript", "exec": USE_KEY}}],
        "item": [{"name": name, "item": items} for name, items in folders.items() if items],
    }


def item_of(method: str, path: str, operation: Document) -> Document:
    parameters = operation.get("parameters", [])
    expected = [int(status) for status in operation["responses"]]
    check = [
        f"pm.test('is answered as described', () => pm.expect({expected}).to.include(pm.response.code));",
    ]
    request: Document = {
        "method": method.upper(),
        "description": operation.get("description", operation.get("summary", "")),
        "header": [field_of(one) for one in parameters if one["in"] == "header"],
        "url": url_of(path, parameters),
    }
    content = operation.get("requestBody", {}).get("content", {})
    if examples := content.get("application/json", {}).get("examples"):
        request["header"].append({"key": "content-type", "value": "application/json"})
        body = next(iter(examples.values()))["value"]
        request["body"] = {
            "mode": "raw",
            "raw": body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False),
            "options": {"raw": {"language": "json"}},
        }
    return {
        "name": operation.get("summary", operation["operationId"]),
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": check}}],
        "request": request,
    }


def url_of(path: str, parameters: list[Document]) -> Document:
    in_path = {one["name"]: str(one.get("example", "")) for one in parameters if one["in"] == "path"}
    for name in in_path:
        path = path.replace("{" + name + "}", f":{name}")
    query = [field_of(one) for one in parameters if one["in"] == "query"]
    on = "&".join(f"{field['key']}={field['value']}" for field in query if not field["disabled"])
    return {
        "raw": "{{baseUrl}}" + path + (f"?{on}" if on else ""),
        "host": ["{{baseUrl}}"],
        "path": path.removeprefix("/").split("/"),
        "query": query,
        "variable": [{"key": name, "value": value} for name, value in in_path.items()],
    }


def field_of(parameter: Document) -> Document:
    return {
        "key": parameter["name"],
        "value": str(parameter.get("example", "")),
        "description": parameter.get("description", ""),
        "disabled": not parameter.get("required", False),
    }


def main(base_url: str = "http://127.0.0.1:3000", file: str = str(COLLECTION)) -> None:
    with urllib.request.urlopen(f"{base_url}/openapi.json", timeout=10) as answer:
        collection = collection_of(json.load(answer))
    Path(file).write_text(json.dumps(collection, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
