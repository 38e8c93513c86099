"""Plans on stdout, in every form; those of several accounts one after the other, or as one document."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from reconciler.model.live import NO_THUMBNAILS, Thumbnails
from reconciler.plan import Plan


def show(
    plans: Sequence[Plan],
    form: str,
    *,
    color: bool,
    columns: int,
    full: bool,
    err: bool = False,
    thumbnails: Thumbnails = NO_THUMBNAILS,
    kept: Sequence[Path] = (),
) -> None:
    """The plans on stdout; as text, on stderr where that is asked for.

    Only a page shows `thumbnails`. A comment with no room for all of it says in which files it is `kept`.
    """
    match form:
        case "json":
            from reconciler.plan.several import to_pieces

            _put(to_pieces(plans))
        case "markdown":
            from reconciler.render.markdown import code, plan_markdown, plans_markdown

            whole = " and ".join(code(str(path)) for path in kept)
            one = len(plans) == 1
            text = plan_markdown(plans[0], whole=whole) if one else plans_markdown(plans, whole=whole)
            _put([text.encode("utf-8", "replace")])
        case "html":
            _put(as_page(plans, thumbnails))
        case "gitlab":
            from reconciler.render.code_quality import gitlab_plan

            _put([gitlab_plan(*plans)])
        case "github":
            from reconciler.render.annotations import github_plan

            click.echo(github_plan(*plans), nl=False)
        case _:
            text = as_text(plans, columns=columns, color=color, full=full)
            click.echo(text, nl=False, err=err, color=color)


def as_text(plans: Sequence[Plan], *, columns: int, color: bool, full: bool) -> str:
    """The plans for people."""
    if len(plans) == 1:
        from reconciler.render.terminal import plan_text

        return plan_text(plans[0], width=columns, color=color, full=full)
    from reconciler.render.several import plans_text

    return plans_text(plans, width=columns, color=color, full=full)


def as_page(plans: Sequence[Plan], thumbnails: Thumbnails) -> Iterator[bytes]:
    """The plans for a browser, in pieces."""
    from reconciler.render.html import page

    return (piece.encode("utf-8", "replace") for piece in page(plans, thumbnails))


def _put(pieces: Iterable[bytes]) -> None:
    sys.stdout.buffer.writelines(pieces)
    sys.stdout.flush()
