"""`manage issue_api_key`: lets another system report by Open311."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from backend.accounts import api_keys
from backend.accounts.errors import BadSystemName


class Command(BaseCommand):
    help = "Issue an API key for another system and print it: it can't be read again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("system", help="short name: small letters, digits, hyphens")
        parser.add_argument("--title", default="", help="how people call the system")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _, text = api_keys.issue_key(system=options["system"], title=options["title"], now=timezone.now())
        except BadSystemName as error:
            raise CommandError(error.detail) from error
        self.stdout.write(text)
