"""Pictures that nobody hung on anything are removed after a day, and no other."""

import io
from datetime import datetime, timedelta

import pytest
from PIL import Image

from backend.cases import photos, services
from backend.cases.models import Photo
from backend.core.ids import uuid7
from tests.cases.test_spine import ANONYMOUS, report
from tests.world import World

A_DAY = timedelta(hours=24)


def taken(now: datetime, colour: str) -> Photo:
    picture = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(picture, "JPEG")
    return photos.store_photo(actor=None, photo_id=uuid7(), file=io.BytesIO(picture.getvalue()), now=now)


@pytest.mark.django_db
def test_only_what_nobody_hung_on_anything_within_a_day_goes(world: World, now: datetime) -> None:
    orphan, claimed, fresh = taken(now, "red"), taken(now, "green"), taken(now + timedelta(seconds=1), "blue")
    case = services.report_case(actor=ANONYMOUS, report=report(world), now=now).case
    Photo.objects.filter(pk=claimed.pk).update(case=case)
    assert photos.drop_unclaimed(now=now + A_DAY) == 0
    assert photos.drop_unclaimed(now=now + A_DAY + timedelta(milliseconds=500)) == 1
    assert set(Photo.objects.values_list("pk", flat=True)) == {claimed.pk, fresh.pk}
    assert [photos.file_path(one).exists() for one in (orphan, claimed, fresh)] == [False, True, True]
    assert photos.drop_unclaimed(now=now + A_DAY + timedelta(seconds=2)) == 1
    assert Photo.objects.get() == claimed
