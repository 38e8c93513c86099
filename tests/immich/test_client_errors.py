"""Error bodies of both generations become one exception."""

from __future__ import annotations

import json

import pytest

from reconciler.immich.errors import Kind, ServerError, error_of_answer

from .support import VERSIONS, recorded


def error_for(version: str, name: str) -> ServerError:
    exchange = recorded(version, name)
    request = exchange["request"]
    body = json.dumps(exchange["body"]).encode()
    headers = {"X-Correlation-ID": "from-header"} if version.startswith("3") else {}
    return error_of_answer(request["method"], request["path"], exchange["status"], headers, body)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "kind", "words", "way_out"),
    [
        ("bad_key", Kind.UNAUTHORIZED, "Invalid API key", "wrong or was deleted"),
        ("no_key", Kind.UNAUTHORIZED, "Authentication required", "wrong or was deleted"),
        ("not_admin", Kind.FORBIDDEN, "Forbidden", "administrator"),
        ("no_permission", Kind.FORBIDDEN, "Missing required permission: album.create", "album.create"),
        ("no_route", Kind.NOT_FOUND, "Cannot GET /api/nosuch", "version"),
        ("no_album_access", Kind.NOT_FOUND, "Not found or no album.read access", ""),
    ],
)
def test_recorded_errors(version: str, name: str, kind: Kind, words: str, way_out: str) -> None:
    error = error_for(version, name)
    assert (error.kind, error.message) == (kind, words)
    assert way_out in error.hint
    assert error.correlation
    assert "\n" not in str(error)
    assert words in str(error) and str(error.status) in str(error)


def test_the_missing_permission_is_named() -> None:
    assert error_for("3.1.0", "no_permission").missing_permission == "album.create"
    assert error_for("2.5.6", "no_permission").missing_permission == "album.create"
    assert error_for("3.1.0", "not_admin").missing_permission is None


def test_validation_issues_of_both_generations() -> None:
    assert error_for("2.5.6", "bad_ids").message == "each value in ids must be a UUID"
    third = error_for("3.1.0", "bad_ids")
    assert third.message == "Validation failed: ids.0: Invalid UUID"
    assert third.kind is Kind.INVALID


def test_the_locked_folder_is_no_matter_of_the_key() -> None:
    error = error_of_answer(
        "POST", "/search/metadata", 401, {}, b'{"message":"Elevated permission is required"}'
    )
    assert error.kind is Kind.FORBIDDEN
    assert "locked folder" in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (404, b"<html>nginx</html>", Kind.BROKEN, "reverse proxy's login page"),
        (403, b"<html>Sign in</html>", Kind.BROKEN, "reverse proxy's login page"),
        (413, b"<html>Too large</html>", Kind.INVALID, "client_max_body_size"),
        (502, b"<html>Bad Gateway</html>", Kind.BUSY, "proxy in front"),
        (500, b"", Kind.SERVER, "proxy in front"),
        (429, b'{"message": "slow down"}', Kind.BUSY, "slow down"),
        (503, b'{"message": "starting"}', Kind.BUSY, "starting"),
        (500, b'{"message":"Failed to update asset"}', Kind.SERVER, "Failed to update asset"),
        (400, b'{"message":[]}', Kind.INVALID, "Bad Request"),
        (418, b"[1]", Kind.BROKEN, "[1]"),
        (599, b"{}", Kind.SERVER, "no reason given"),
    ],
)
def test_answers_of_something_else(status: int, body: bytes, kind: Kind, words: str) -> None:
    error = error_of_answer("GET", "/albums", status, {}, body)
    assert error.kind is kind
    assert words in str(error)


def test_a_server_fault_names_the_line_of_the_log() -> None:
    error = error_of_answer("GET", "/tags", 500, {"X-Correlation-ID": "abc123"}, b'{"message":"Failed"}')
    assert "abc123" in str(error)


def test_very_long_words_are_cut() -> None:
    body = json.dumps({"message": ["each value must be a UUID\n"] * 1000}).encode()
    error = error_of_answer("PUT", "/assets", 400, {}, body)
    assert len(error.message) == 400
    assert "\n" not in str(error)


def test_uncertain_errors_say_so() -> None:
    error = ServerError("no answer in time", kind=Kind.TIMEOUT, method="POST", path="/albums", uncertain=True)
    assert "may have taken effect" in str(error)
