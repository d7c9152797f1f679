"""What a request for a map product may look like."""

from rest_framework import serializers

from maps.reports.files import ROUND_FORMATS, WALKED_FORMATS
from mobile_api.common.moments import DayField


class LanguageIn(serializers.Serializer):
    language = serializers.ChoiceField(
        choices=["zh", "en"], required=False, default="", allow_blank=True, help_text="that of the request without"
    )


class RoundIn(LanguageIn):
    """One form of a round sheet: the whole week, one day, one worker."""

    file_format = serializers.ChoiceField(choices=ROUND_FORMATS, required=False, default="html")
    day = DayField(required=False, default=None, allow_null=True)
    worker = serializers.UUIDField(required=False, default=None, allow_null=True)


class RoundContactsIn(RoundIn):
    """The same with address, note, name and phone of booked visits, for a stated reason."""

    reason = serializers.CharField(max_length=300)


class WalkedIn(serializers.Serializer):
    worker = serializers.UUIDField()
    date = DayField()
    file_format = serializers.ChoiceField(choices=WALKED_FORMATS, required=False, default="gpx")
