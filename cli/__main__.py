"""Entry of `python -m cli`, which the launcher runs."""

import sys


def main() -> int:
    """Hand over to the verb. `test` takes its arguments as they are: what follows `--` belongs to pytest."""
    if sys.argv[1:2] == ["test"]:
        from cli.quality import run

        return run(sys.argv[2:])
    from cli.app import app

    app(prog_name="backstop")
    return 0


if __name__ == "__main__":
    sys.exit(main())
