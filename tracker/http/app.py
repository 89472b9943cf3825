"""The Starlette application: all routes, one shape of error, headers on every answer."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from tracker.http.errors import APIError
from tracker.http.headers import SecurityHeaders
from tracker.http.responses import asks_snake, failure

Translations = Mapping[type[Exception], Callable[[Any], APIError]]
ExceptionHandler = Callable[[Request, Exception], Awaitable[Response]]

MESSAGES = {
    404: "There is nothing here",
    405: "This method is not allowed here",
}


def build_app(routes: Sequence[BaseRoute], translations: Translations | None = None) -> ASGIApp:
    """``translations``: errors of other rooms, by their class, and the refusal that each becomes."""

    def translated(error_type: type[Exception]) -> ExceptionHandler:
        async def handle(request: Request, error: Exception) -> Response:
            return failure((translations or {})[error_type](error), asks_snake(request))

        return handle

    handlers: dict[type[Exception], ExceptionHandler] = {
        APIError: _api_error,
        HTTPException: _http_exception,
        Exception: _unexpected,
    }
    handlers.update({error_type: translated(error_type) for error_type in translations or {}})
    return SecurityHeaders(Starlette(routes=routes, exception_handlers=handlers))


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, APIError)
    return failure(error, asks_snake(request))


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = MESSAGES.get(error.status_code, "The request cannot be answered")
    return failure(APIError(error.status_code, message, headers=error.headers), asks_snake(request))


async def _unexpected(request: Request, error: Exception) -> Response:
    # Starlette logs the traceback when it raises the error again after this answer.
    return failure(APIError(500, "The service failed; please tell its operator the request id"))
