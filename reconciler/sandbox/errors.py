"""What the server refuses, as values; app.py turns them into the bodies of either version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

Issue = Mapping[str, Any]


class SandboxError(Exception):
    """Something wrong with the library folder itself; the text says what to do."""


class ApiError(Exception):
    """An answer that is not a success.

    `message` is one text or, for validation in 2.x, a list of texts; `issues` is the list that
    3.x adds to «Validation failed».
    """

    def __init__(self, status: int, message: str | list[str], issues: Sequence[Issue] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.issues = issues

    def body(self, *, old_form: bool, correlation: str) -> dict[str, Any]:
        """The JSON body; `old_form` is that of 2.x (FACTS 7)."""
        if not old_form:
            return {"message": self.message} | (
                {"errors": list(self.issues)} if self.issues is not None else {}
            )
        body: dict[str, Any] = {"message": self.message}
        if self.status != HTTPStatus.INTERNAL_SERVER_ERROR:
            body["error"] = HTTPStatus(self.status).phrase
        return body | {"statusCode": self.status, "correlationId": correlation}


class Failed(Exception):
    """Stands for an error inside the server: 500 «Failed to …», with the words of the route."""


def bad_request(message: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, message)


def no_access(permission: str) -> ApiError:
    """Unknown, foreign and locked objects give the same answer, a 400 (FACTS 2)."""
    return ApiError(HTTPStatus.BAD_REQUEST, f"Not found or no {permission} access")


def unauthorized(message: str) -> ApiError:
    return ApiError(HTTPStatus.UNAUTHORIZED, message)


def forbidden(message: str) -> ApiError:
    return ApiError(HTTPStatus.FORBIDDEN, message)


ELEVATED = "Elevated permission is required"
