"""The server's configuration: read as a whole, replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox import template
from reconciler.sandbox import validation as v
from reconciler.sandbox.api import ANYBODY, Call, Routes
from reconciler.sandbox.settings import Config, default_config

ROUTES = Routes()

_SINCE = (3, 2)
# what everybody and what every user may see of the configuration (FACTS 10)
_PUBLIC = ("passwordLogin", "theme")
_FOR_USERS = (*_PUBLIC, "map", "reverseGeocoding", "server", "trash", "user")
_NO_OAUTH = {"autoLaunch": False, "buttonText": "Login with OAuth", "enabled": False}


@ROUTES.add("GET", "/system-config", "systemConfig.read", admin=True)
def get_config(call: Call) -> Any:
    """Get system configuration."""
    return call.library.config


@ROUTES.add("GET", "/system-config/defaults", "systemConfig.read", admin=True)
def get_default_config(call: Call) -> Any:
    """Get system configuration defaults."""
    return default_config(call.version)


@ROUTES.add("PUT", "/system-config", "systemConfig.update", admin=True)
def update_config(call: Call) -> Any:
    """Update system configuration."""
    given = call.json()
    if missing := _missing(default_config(call.version), given):
        raise v.custom_problem(
            f"Invalid input: {missing} is missing", call.version, path=tuple(missing.split("."))
        )
    config = _taken_over(default_config(call.version), given)
    _check(call, config)
    call.library.change_config(config)
    return config


@ROUTES.add("GET", "/admin/config", "adminConfig.read", admin=True, since=_SINCE)
def get_admin_config(call: Call) -> Any:
    """Get the admin configuration."""
    return call.library.config


@ROUTES.add("GET", "/admin/config/defaults", "adminConfig.read", admin=True, since=_SINCE)
def get_default_admin_config(call: Call) -> Any:
    """Get the system configuration defaults."""
    return default_config(call.version)


@ROUTES.add("PUT", "/admin/config", "adminConfig.update", admin=True, since=_SINCE)
def update_admin_config(call: Call) -> Any:
    """Update the system configuration."""
    return update_config(call)


@ROUTES.add("GET", "/config", "userConfig.read", since=_SINCE)
def get_user_config(call: Call) -> Any:
    """Get the configuration with user visibility."""
    config = call.library.config
    image = {name: {"size": config["image"][name]["size"]} for name in ("preview", "thumbnail")}
    image["fullsize"] = {"enabled": config["image"]["fullsize"]["enabled"]}
    return {name: config[name] for name in _FOR_USERS} | {"oauth": _NO_OAUTH, "image": image}


@ROUTES.add("GET", "/public/config", ANYBODY, since=_SINCE)
def get_public_config(call: Call) -> Any:
    """Get the public configuration."""
    config = call.library.config
    server = {"loginPageMessage": config["server"]["loginPageMessage"]}
    return {name: config[name] for name in _PUBLIC} | {"oauth": _NO_OAUTH, "server": server}


@ROUTES.add("GET", "/system-config/storage-template-options", "systemConfig.read", admin=True)
def storage_template_options(_call: Call) -> Any:
    """Get storage template options."""
    return {**template.OPTIONS, "presetOptions": list(template.PRESETS)}


def _check(call: Call, config: Config) -> None:
    """The few values that the sandbox itself acts on."""
    one = v.nested({"concurrency": v.whole(1).needed()}).needed()
    v.read_fields(dict.fromkeys(config["job"], one), config["job"], call.version, path=("job",))
    schema = {"enabled": v.flag().needed(), "template": v.text(filled=True).needed()}
    v.read_fields(schema, config["storageTemplate"], call.version, path=("storageTemplate",))


def _missing(expected: Any, given: Any, place: str = "") -> str | None:
    """The first field that a complete configuration has and this one lacks."""
    if not isinstance(expected, Mapping):
        return None
    if not isinstance(given, Mapping):
        return place or "the configuration"
    for name, value in expected.items():
        where = f"{place}.{name}" if place else name
        if name not in given:
            return where
        if found := _missing(value, given[name], where):
            return found
    return None


def _taken_over(expected: Any, given: Any) -> Any:
    """The known fields of what was given; unknown ones are dropped."""
    if not isinstance(expected, Mapping):
        return given
    return {name: _taken_over(value, given[name]) for name, value in expected.items()}
