"""`python -m rollcall` is `rollcall`."""

import sys


def main() -> int:
    """Runs one command. Returns its exit status."""
    if sys.argv[1:2] == ["run"]:
        # Before every wrapped job: what the other commands import would be felt there.
        from rollcall.commands import run

        return run.main(sys.argv[2:])
    from rollcall import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
