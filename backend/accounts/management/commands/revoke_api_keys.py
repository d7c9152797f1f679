"""`manage revoke_api_keys`: another system may no longer report."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from backend.accounts import api_keys


class Command(BaseCommand):
    help = "End every API key of another system at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("system", help="short name that the keys were issued for")

    def handle(self, *args: Any, **options: Any) -> None:
        ended = api_keys.revoke_keys(system=options["system"], now=timezone.now())
        if not ended:
            raise CommandError(f"{options['system']} holds no key")
        self.stdout.write(f"{ended} keys ended")
