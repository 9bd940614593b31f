"""A container's health check: ``python -m deploy.images.healthy URL`` ends with 0 if the URL answers well."""

from __future__ import annotations

import sys
from urllib.request import urlopen


def main() -> int:
    """Return 0 if the URL of the command line answers, else 1."""
    try:
        with urlopen(sys.argv[1], timeout=5):  # noqa: S310 - the image names the URL
            return 0
    except OSError as error:
        print(f"{sys.argv[1]}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
