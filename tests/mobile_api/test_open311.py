"""Open311 GeoReport v2 as its clients speak it: XML and JSON, keys, attributes, paging, updates in both directions."""

from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from backend.accounts import api_keys
from backend.accounts.roles import Role
from backend.cases import partners, services
from backend.cases.models import Case, CaseEvent, PartnerReport
from backend.cases.services import Step
from backend.cases.workflow import Action, State
from backend.places.models import Address
from tests.mobile_api.conftest import report_of
from tests.world import World

FORM = [
    {"name": "side", "kind": "choice", "label": {"zh": "路侧", "en": "Side"}, "required": True,
     "options": [{"value": "left", "label": {"zh": "左", "en": "Left"}}, {"value": "right", "label": {"zh": "右"}}]},
    {"name": "bags", "kind": "integer", "label": {"zh": "袋数", "en": "Bags"}, "required": False},
]  # fmt: skip


@pytest.fixture
def garbage(world: World) -> Any:
    matter = world.matters["exposed_garbage"]
    matter.public = True
    matter.save()
    return matter


@pytest.fixture
def code(garbage: Any) -> str:
    return f"{garbage.scheme}:{garbage.code}"


@pytest.fixture
def key(world: World) -> str:
    return api_keys.issue_key(system="fixmystreet", title="FixMyStreet", now=timezone.now())[1]


@pytest.fixture
def partner(world: World) -> APIClient:
    return APIClient(HTTP_ACCEPT_LANGUAGE="en")


def form_of(world: World, key: str, code: str, **more: Any) -> dict[str, Any]:
    lon, lat = world.middle_of("002011001")
    lon, lat = lon + 0.0004, lat - 0.0003
    return {"api_key": key, "service_code": code, "lat": lat, "long": lon, "description": "垃圾 & <bags>", **more}


@pytest.fixture
def form(world: World, key: str, code: str) -> dict[str, Any]:
    return form_of(world, key, code)


def send(client: APIClient, form: dict[str, Any], ending: str = "json", path: str = "requests") -> Any:
    return client.post(f"/open311/v2/{path}.{ending}", form, format="multipart")


def xml(answer: Any) -> Element:
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    return fromstring(answer.content)


def test_discovery_names_the_endpoint_in_both_formats(partner: APIClient) -> None:
    found = partner.get("/open311/discovery.json").json()
    assert found["endpoints"][0]["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert found["endpoints"][0]["url"].endswith("/open311/v2")
    root = xml(partner.get("/open311/discovery.xml"))
    assert root.tag == "discovery"
    assert [one.text for one in root.findall("endpoints/endpoint/formats/format")] == ["text/xml", "application/json"]


def test_services_are_the_public_incidents(partner: APIClient, code: str) -> None:
    offered = {one["service_code"]: one for one in partner.get("/open311/v2/services.json").json()}
    assert code in offered
    assert offered[code]["type"] == "realtime"
    assert offered[code]["metadata"] is False
    assert not any(each.startswith("service:") for each in offered)  # home visits are booked
    root = xml(partner.get("/open311/v2/services.xml"))
    assert [one.tag for one in root] == ["service"] * len(offered)
    assert root.findtext("service/metadata") == "false"


def test_the_definition_is_the_form_of_the_matter(partner: APIClient, garbage: Any, code: str) -> None:
    garbage.form = FORM
    garbage.save()
    found = partner.get(f"/open311/v2/services/{code}.json").json()
    assert found["service_code"] == code
    side, bags = found["attributes"]
    assert (side["code"], side["datatype"], side["required"], side["order"]) == ("side", "singlevaluelist", True, 1)
    assert side["values"] == [{"key": "left", "name": "Left"}, {"key": "right", "name": "右"}]
    assert (bags["datatype"], bags["required"]) == ("number", False)
    root = xml(partner.get(f"/open311/v2/services/{code}.xml"))
    assert root.tag == "service_definition"
    assert [one.text for one in root.findall("attributes/attribute/values/value/key")] == ["left", "right"]
    assert partner.get("/open311/v2/services/none:1.json").status_code == 404


def test_a_report_is_a_case_with_grid_and_deadline(world: World, partner: APIClient, key: str, code: str) -> None:
    person = {"first_name": "小明", "last_name": "王", "phone": "13800001111", "email": "a@example.org"}
    beyond = {"account_id": "77", "attribute[fixmystreet_id]": "12"}
    sent = send(partner, form_of(world, key, code, **person, **beyond), "xml")
    assert sent.status_code == 201
    root = xml(sent)
    number = root.findtext("request/service_request_id")
    assert root.tag == "service_requests"
    assert root.findtext("request/account_id") == "77"
    case = Case.objects.get(number=number)
    assert (case.channel, case.grid.code, case.description) == ("open311", "330281002011001", "垃圾 & <bags>")
    assert (str(case.contact_name), str(case.contact_phone)) == ("王小明", "13800001111")
    assert partners.details_of(case) == {"email": "a@example.org", "attribute[fixmystreet_id]": "12"}
    assert case.due_at is not None
    stored = PartnerReport.objects.extra(select={"raw": "details"}).get(pk=case.pk)
    assert "example.org" not in str(stored.raw)  # type: ignore[attr-defined]


def test_the_same_form_again_is_the_same_report(world: World, partner: APIClient, key: str, code: str) -> None:
    first, second = (send(partner, form_of(world, key, code)) for _ in range(2))
    other = send(partner, form_of(world, key, code, description="another"))
    assert (first.status_code, second.status_code, other.status_code) == (201, 200, 201)
    assert first.json() == second.json() != other.json()
    assert Case.objects.count() == 2


def test_answers_are_typed_and_wrong_ones_named(
    world: World, partner: APIClient, key: str, garbage: Any, code: str
) -> None:
    garbage.form = FORM
    garbage.save()
    missing = send(partner, form_of(world, key, code))
    assert missing.status_code == 400
    assert missing.json() == [{"code": 400, "description": "attribute[side]: This answer is needed"}]
    for wrong in ({"attribute[side]": "middle"}, {"attribute[side]": "left", "attribute[bags]": "many"}):
        assert send(partner, form_of(world, key, code, **wrong)).status_code == 400
    assert Case.objects.count() == 0
    right = {"attribute[side]": "left", "attribute[bags]": "3"}
    sent = send(partner, form_of(world, key, code, **right))
    assert Case.objects.get(number=sent.json()[0]["service_request_id"]).answers == {"side": "left", "bags": 3}


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"api_key": ""}, 403, "api_key"),
        ({"api_key": "gwk_wrong"}, 403, "api_key"),
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "none:9"}, 404, "service_code"),
        ({"lat": ""}, 400, "lat"),
        ({"lat": "north"}, 400, "lat"),
        ({"lat": "nan"}, 400, "location"),
        ({"lat": "", "long": ""}, 400, "lat"),
        ({"lat": "", "long": "", "address_string": "某处"}, 400, "address_string"),
        ({"lat": "51.5", "long": "-0.1"}, 400, "location"),
        ({"description": "x" * 4001}, 400, "description"),
        ({"phone": "call me"}, 400, "phone"),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
    ],
)
def test_bad_input_is_named_and_nothing_is_kept(
    partner: APIClient, form: dict[str, Any], change: dict[str, str], status: int, named: str
) -> None:
    for ending in ("json", "xml"):
        sent = send(partner, {**form, **change}, ending)
        assert sent.status_code == status
        if ending == "json":
            (error,) = sent.json()
            assert error["code"] == status
            assert named in error["description"]
        else:
            assert xml(sent).findtext("error/code") == str(status)
    assert Case.objects.count() == 0


def test_a_known_address_stands_for_the_point(world: World, partner: APIClient, key: str, code: str) -> None:
    from django.contrib.gis.geos import Point

    lon, lat = world.middle_of("002012002")
    Address.objects.create(code="A1", street="测试路", plate="7号", location=Point(lon, lat, srid=4326))
    for given in ({"address_id": "A1"}, {"address_string": "测试路 7号"}):
        sent = send(partner, {**form_of(world, key, code), "lat": "", "long": "", **given})
        assert sent.status_code == 201
        case = Case.objects.get(number=sent.json()[0]["service_request_id"])
        assert case.grid.code == "330281002012002"  # type: ignore[union-attr]


def test_a_revoked_key_ends_at_once(world: World, partner: APIClient, key: str, code: str) -> None:
    assert send(partner, form_of(world, key, code)).status_code == 201
    call_command("revoke_api_keys", "fixmystreet")
    assert send(partner, form_of(world, key, code)).status_code == 403
    assert partner.get("/open311/v2/requests.json", {"api_key": key}).status_code == 403
    with pytest.raises(CommandError):
        call_command("revoke_api_keys", "fixmystreet")


def test_others_see_neither_words_nor_door(world: World, partner: APIClient, key: str, code: str) -> None:
    number = send(partner, form_of(world, key, code, address_string="测试路 7号 101")).json()[0]["service_request_id"]
    (own,) = partner.get(f"/open311/v2/requests/{number}.json", {"api_key": key}).json()
    assert (own["description"], own["address"]) == ("垃圾 & <bags>", "测试路 7号 101")
    (seen,) = partner.get(f"/open311/v2/requests/{number}.json").json()
    assert (seen["description"], seen["address"], seen["media_url"]) == ("", "", "")
    assert (seen["lat"], seen["long"]) == (round(own["lat"], 3), round(own["long"], 3))
    assert seen["lat"] != own["lat"] or seen["long"] != own["long"]
    other = api_keys.issue_key(system="another", title="", now=timezone.now())[1]
    assert partner.get(f"/open311/v2/requests/{number}.json", {"api_key": other}).json() == [seen]
    root = xml(partner.get(f"/open311/v2/requests/{number}.xml", {"api_key": key}))
    assert root.findtext("request/description") == "垃圾 & <bags>"
    assert root.findtext("request/status") == "open"


def test_matters_that_are_not_public_stay_inside(world: World, partner: APIClient, anonymous: APIClient) -> None:
    anonymous.post("/api/v1/reports", report_of(world), format="json")
    case = Case.objects.get()
    matter = case.matter
    assert partner.get(f"/open311/v2/requests/{case.number}.json").status_code == 200
    matter.public = False
    matter.save()
    assert partner.get(f"/open311/v2/requests/{case.number}.json").status_code == 404
    assert partner.get("/open311/v2/requests.json").json() == []
    assert partner.get(f"/open311/v2/tokens/{case.pk}.json").status_code == 404


def test_requests_are_filtered_and_paged(world: World, partner: APIClient, key: str, code: str) -> None:
    numbers = [
        send(partner, form_of(world, key, code, description=str(n))).json()[0]["service_request_id"] for n in range(5)
    ]
    case = Case.objects.get(number=numbers[0])
    services.act(
        actor=world.actor("street:002"),
        case_id=case.pk,
        step=Step(Action.FORCE_CLOSE, note="重复上报"),
        now=timezone.now(),
    )

    def found(**query: Any) -> list[str]:
        answer = partner.get("/open311/v2/requests.json", query)
        assert answer.status_code == 200, answer.content
        return [one["service_request_id"] for one in answer.json()]

    assert found() == numbers[::-1]
    assert found(page_size=2) == numbers[::-1][:2]
    assert found(page_size=2, page=3) == numbers[:1]
    assert found(status="closed") == numbers[:1]
    assert found(status="open") == numbers[:0:-1]
    assert found(status="open,closed", service_code=f"{code},none:1") == numbers[::-1]
    assert found(service_code="none:1") == []
    assert set(found(service_request_id=",".join(numbers[:2]), status="none")) == set(numbers[:2])
    yesterday = timezone.now() - timedelta(days=1)
    assert found(end_date=yesterday.isoformat()) == []
    assert found(start_date=yesterday.isoformat(), status="") == numbers[::-1]
    for wrong in (
        {"status": "done"},
        {"page": "0"},
        {"page_size": "1001"},
        {"start_date": "yesterday"},
        {"start_date": "2026-01-01", "end_date": "2026-06-01"},
        {"start_date": "2026-01-01T00:00:00"},
    ):
        answer = partner.get("/open311/v2/requests.json", wrong)
        assert answer.status_code == 400
        assert answer.json()[0]["description"].split(":")[0] in wrong


def test_extensions_tell_the_history(world: World, partner: APIClient, key: str, code: str) -> None:
    number = send(partner, form_of(world, key, code)).json()[0]["service_request_id"]
    (plain,) = partner.get(f"/open311/v2/requests/{number}.json").json()
    assert "notes" not in plain
    (told,) = partner.get(f"/open311/v2/requests/{number}.json", {"extensions": "true"}).json()
    assert told["extended_attributes"]["grid_code"] == "330281002011001"
    assert told["notes"][0]["type"] == "report"
    assert xml(partner.get(f"/open311/v2/requests/{number}.xml", {"extensions": "true"})).findall("request/notes/note")


def test_a_token_leads_to_its_number(world: World, partner: APIClient, key: str, code: str) -> None:
    number = send(partner, form_of(world, key, code)).json()[0]["service_request_id"]
    case = Case.objects.get(number=number)
    found = partner.get(f"/open311/v2/tokens/{case.pk}.json").json()
    assert found == [{"token": str(case.pk), "service_request_id": number}]
    assert partner.get("/open311/v2/tokens/unknown.json").status_code == 404


def update(key: str, number: str, **more: str) -> dict[str, str]:
    return {"api_key": key, "update_id": "u1", "service_request_id": number, "status": "OPEN",
            "description": "还在", "updated_datetime": timezone.now().isoformat(), **more}  # fmt: skip


def test_an_update_is_a_line_of_the_history_once(world: World, partner: APIClient, key: str, code: str) -> None:
    number = send(partner, form_of(world, key, code)).json()[0]["service_request_id"]
    said = update(key, number)
    first, second = (send(partner, said, path="servicerequestupdates") for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    lines = CaseEvent.objects.filter(case__number=number, action="note")
    assert [(line.note, line.actor_role) for line in lines] == [("还在 [OPEN]", Role.INTEGRATION)]
    other = send(partner, {**said, "description": "又来"}, path="servicerequestupdates")
    assert (other.status_code, other.json()[0]["description"][:9]) == (400, "update_id")
    stranger = api_keys.issue_key(system="another", title="", now=timezone.now())[1]
    assert send(partner, update(stranger, number), path="servicerequestupdates").status_code == 404


def test_open_again_reopens_a_closed_case(world: World, partner: APIClient, key: str, code: str) -> None:
    number = send(partner, form_of(world, key, code)).json()[0]["service_request_id"]
    Case.objects.filter(number=number).update(state=State.CLOSED, closed_at=timezone.now())
    fixed = send(partner, update(key, number, status="FIXED"), path="servicerequestupdates")
    assert fixed.status_code == 200
    assert Case.objects.get(number=number).state == State.CLOSED
    assert send(partner, update(key, number, update_id="u2"), path="servicerequestupdates").status_code == 200
    assert Case.objects.get(number=number).state == State.PENDING_HANDLE


def test_the_update_feed_tells_what_happened_here(world: World, partner: APIClient, key: str, code: str) -> None:
    number = send(partner, form_of(world, key, code)).json()[0]["service_request_id"]
    case = Case.objects.get(number=number)
    services.act(
        actor=world.actor("street:002"), case_id=case.pk, step=Step(Action.FORCE_CLOSE, note="王某重复上报"),
        now=timezone.now(),
    )  # fmt: skip
    own = partner.get("/open311/v2/servicerequestupdates.json", {"api_key": key}).json()
    seen = partner.get("/open311/v2/servicerequestupdates.json").json()
    assert [one["status"] for one in own][-1] == "closed"
    assert "王某" in own[-1]["description"]
    assert "王某" not in seen[-1]["description"]
    assert [one["update_id"] for one in own] == [one["update_id"] for one in seen]
    root = xml(partner.get("/open311/v2/servicerequestupdates.xml"))
    assert root.tag == "service_requests_updates"
    assert root.findtext("request_update/service_request_id") == number
    long_ago = {"start_date": "2020-01-01", "end_date": "2020-01-02"}
    assert partner.get("/open311/v2/servicerequestupdates.json", long_ago).json() == []


def test_words_that_xml_cannot_hold_are_left_out(world: World, partner: APIClient, key: str, code: str) -> None:
    number = send(partner, form_of(world, key, code, description="a\x0bb\ufffe")).json()[0]["service_request_id"]
    root = xml(partner.get(f"/open311/v2/requests/{number}.xml", {"api_key": key}))
    assert root.findtext("request/description") == "ab"


def test_the_jurisdiction_is_checked_where_it_has_a_name(partner: APIClient, settings: Any) -> None:
    assert partner.get("/open311/v2/services.json", {"jurisdiction_id": "any"}).status_code == 200
    settings.OPEN311_JURISDICTION = "fengshan.example"
    assert partner.get("/open311/v2/services.json", {"jurisdiction_id": "fengshan.example"}).status_code == 200
    refused = partner.get("/open311/v2/services.xml", {"jurisdiction_id": "other"})
    assert refused.status_code == 404
    assert xml(refused).tag == "errors"


def test_an_unknown_ending_is_refused_in_xml(partner: APIClient) -> None:
    refused = partner.get("/open311/v2/services.yaml")
    assert refused.status_code == 404
    assert xml(refused).findtext("error/code") == "404"
