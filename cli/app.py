"""The command line: one module per group of commands; errors are sentences, with exit code 2."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from zielzeit.errors import UserError

# Each module has ``register(app)`` and imports heavy libraries only inside its commands, so that --help is quick.
# The order is the order of --help.
_MODULES = (
    "cli.demo",
    "cli.stack",
    "cli.submit",
    "cli.ingest",
    "cli.simulate",
    "cli.decide",
    "cli.rebuild",
    "cli.tune",
    "cli.training",
    "cli.data",
    "cli.lake",
    "cli.stations",
    "cli.bench",
    "cli.develop",
)


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        name="zielzeit",
        help="Predicts a train's delay at its destination at the moment it leaves a station.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in _MODULES:
        import_module(name).register(app)
    return app


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        build()(standalone_mode=True, prog_name="zielzeit")
    except UserError as error:
        print(f"zielzeit: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if "libgomp" not in str(error) and "libomp" not in str(error):
            raise
        print(
            f"zielzeit: LightGBM cannot be loaded ({error}): `./zielzeit setup` installs libgomp1 on Debian; "
            "macOS: brew install libomp",
            file=sys.stderr,
        )
        return 2
    return 0


def run() -> None:
    """Entry point of the ``zielzeit`` command that ``pip install`` makes."""
    sys.exit(main())


if __name__ == "__main__":
    run()
