"""Somebody's web site, on an origin of its own and under a strict policy, with the snippet in its pages."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>
<link rel="icon" href="data:,">{tag}
<h1>Shop</h1><button data-track="signup"><b>Sign up</b></button> <a href="/about">About</a></html>"""


class OtherSite:
    """Every path is the same page; ``tag`` and ``connects`` may be changed between loads.

    ``connects``: what the policy lets scripts talk to, if that is not the service.
    """

    def __init__(self, service_url: str, attributes: str = "") -> None:
        self.tag = f'<script defer src="{service_url}/tracker.js" {attributes}></script>'
        self.connects = service_url
        self._service_url = service_url
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = PAGE.format(tag=site.tag).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", site.policy)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="other site", daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def policy(self) -> str:
        return (
            f"default-src 'none'; script-src {self._service_url}; connect-src {self.connects}; img-src data:;"
            " require-trusted-types-for 'script'"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
