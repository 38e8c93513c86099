"""The options of what is kept on this machine, and where it is kept then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.options.shared import F

if TYPE_CHECKING:
    from reconciler.config.cache import Cache

_NO_CACHE = "reconciler.no_cache"
_REFRESH = "reconciler.refresh"


def cache_option(command: F) -> F:
    """Whether large files that are as they were before need no parsing; asked by `files_cache`."""
    return click.option(
        "--no-cache",
        is_flag=True,
        expose_value=False,
        callback=_keep_choice,
        help="Parse every file and read everything anew, and keep nothing for the next time.",
    )(command)


def refresh_option(command: F) -> F:
    """Whether the library is read anew, and not only what has changed; asked by `library_cache`."""
    return click.option(
        "--refresh",
        is_flag=True,
        expose_value=False,
        callback=_keep_refresh,
        help="Read the whole library, not only what has changed since the last time.",
    )(command)


def _keep_refresh(context: click.Context, _param: click.Parameter, refresh: bool) -> None:
    context.meta[_REFRESH] = refresh


def _keep_choice(context: click.Context, _param: click.Parameter, no_cache: bool) -> None:
    context.meta[_NO_CACHE] = no_cache


def files_cache() -> Cache | None:
    """Where what large files came to is kept; None where the user wants none."""
    from reconciler.config.cache import default_cache

    context = click.get_current_context(silent=True)
    return None if context is not None and context.meta.get(_NO_CACHE) else default_cache()


def library_cache() -> tuple[Cache | None, bool]:
    """Where what was read of a library is kept, None for nowhere; and whether all is read anew."""
    from reconciler.config.cache import default_cache

    context = click.get_current_context(silent=True)
    said = context.meta if context is not None else {}
    kept = None if said.get(_NO_CACHE) else default_cache("libraries")
    return kept, bool(said.get(_REFRESH))
