"""`immich-completion`: what a shell needs to complete the commands and their options."""

from __future__ import annotations

import click

from reconciler.cli.errors import Plain
from reconciler.cli.options.shared import CONTEXT, version_option


@click.command(cls=Plain, context_settings=CONTEXT)
@version_option
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def main(shell: str) -> None:
    """Print what makes a SHELL complete the commands, their options and their words.

    \b
    Examples:
      immich-completion bash                 put `. <(immich-completion bash)` into ~/.bashrc
      immich-completion zsh                  put `. <(immich-completion zsh)` into ~/.zshrc
      immich-completion fish | source        put this line into ~/.config/fish/config.fish

    Exit codes: 0 done, 2 another shell.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    for name in _commands():
        variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
        click.echo(kind(click.Command(name), {}, name, variable).source().strip() + "\n")


def _commands() -> list[str]:
    """The commands that this installation has."""
    from importlib.metadata import distribution

    found = distribution("immich-reconciler").entry_points.select(group="console_scripts")
    return sorted(entry.name for entry in found)
