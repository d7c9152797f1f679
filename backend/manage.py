#!/usr/bin/env python
"""Gridward's management commands; `./dev manage …` calls this with the right environment."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    sys.path.insert(0, str(ROOT))
    script_folder = str(Path(__file__).resolve().parent)
    if script_folder in sys.path:
        sys.path.remove(script_folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
