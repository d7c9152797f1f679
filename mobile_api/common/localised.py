"""Text in both languages, and which of them a request asks for."""

from django.utils import translation
from rest_framework import serializers


def localised(zh: str, en: str) -> dict[str, str]:
    """Both languages of one text; a missing translation falls back to Chinese."""
    return {"zh": zh, "en": en or zh}


def asked_language() -> str:
    """`en` or `zh`, from the Accept-Language that Django has already weighed."""
    return "en" if (translation.get_language() or "").startswith("en") else "zh"


class Localised(serializers.Serializer):
    """One text in both languages; the client chooses."""

    zh = serializers.CharField(allow_blank=True)
    en = serializers.CharField(allow_blank=True)


class LocalisedList(serializers.Serializer):
    """A list of texts in both languages."""

    zh = serializers.ListField(child=serializers.CharField())
    en = serializers.ListField(child=serializers.CharField())
