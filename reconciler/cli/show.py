"""`immich-show`: a saved plan, shown in any form, without a server."""

from __future__ import annotations

import click

from reconciler.cli.errors import Plain
from reconciler.cli.options.shared import CONTEXT, PLAN_FORMS, version_option
from reconciler.cli.telling.terminal import wants_color, width


@click.command(cls=Plain, context_settings=CONTEXT)
@version_option
@click.argument("plan", metavar="PLAN.json")
@click.option(
    "--format",
    "form",
    type=click.Choice(PLAN_FORMS),
    default="text",
    show_default=True,
    help="How to show it.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit as immich-plan --exit-code would: with 3 if there are changes, for example.",
)
@click.option("--allow-missing", is_flag=True, help="For --exit-code: photos that aren't there are no error.")
@click.option("--no-color", is_flag=True, help="No colours (or set NO_COLOR).")
@click.option("--full", is_flag=True, help="Show every photo, not only some of each kind.")
def main(plan: str, form: str, exit_code: bool, allow_missing: bool, no_color: bool, full: bool) -> None:
    """Show a plan that immich-plan -o has saved. No server is asked, and no key needs to be set.

    - instead of a name reads it from standard input.

    \b
    Examples:
      immich-show plan.json --full
      immich-show plan.json --format markdown > comment.md
      immich-show plan.json --format html > plan.html
      immich-show plan.json --exit-code; [ $? -eq 5 ] && echo "more than allowed"

    Exit codes: 0 it was shown, 1 it can't be read. With --exit-code as immich-plan: 1 missing photos, 2 the
    files contradict something, 3 there are changes, 4 only values that the server has undone before are
    left, 5 more would be taken away or changed than is allowed.
    """
    from reconciler.cli.exits import exit_of
    from reconciler.cli.options.pages import refuse_terminal
    from reconciler.cli.planning.files import read_plans
    from reconciler.cli.telling.showing import show

    refuse_terminal(form)
    read = read_plans(plan)
    show(read, form, color=wants_color(no_color), columns=width(), full=full)
    if exit_code:
        raise SystemExit(int(exit_of(*read, exit_code=True, allow_missing=allow_missing)))
