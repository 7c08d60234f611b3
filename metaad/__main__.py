"""`metaad` and `python -m metaad`: the command line, see metaad/cli."""

import sys

from metaad.lazy import optional


def main(argv=None):
    """Run one command and return its exit code: 0 done, 2 a command, file or value that
    can't be used, 1 everything else.

    argv : list of str, by default what stands on the command line. Without typer
    `metaad doctor` works, and every other command says what to install.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    try:
        app = optional("metaad.cli.app")
    except ModuleNotFoundError as error:
        return _without_typer(argv, error)
    return app.run(argv)


def _without_typer(argv, error):
    if argv and argv != ["doctor"]:
        print(f"metaad: {error}", file=sys.stderr)
        return 1
    from metaad.cli import doctor

    print("\n".join(doctor.report()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
