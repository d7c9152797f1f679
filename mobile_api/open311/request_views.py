"""Reports in, and what became of them."""

import re
from typing import Any
from uuid import UUID, uuid5

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.cases import partners
from backend.cases.intake import NewReport, PointIn
from backend.cases.models import Case
from backend.cases.partners import Extras, Wanted
from backend.core.clock import LOCAL
from backend.core.ids import digest_of
from backend.matters.errors import BadAnswer
from backend.matters.forms import check_answers
from backend.places import queries as places
from mobile_api.common.permissions import actor_of, allow, allow_everybody
from mobile_api.open311.base import Open311View, Refused, Unknown, form_of, key_holder, parameter
from mobile_api.open311.facts import request_facts
from mobile_api.open311.moments import span_in, written
from mobile_api.open311.service_views import matter_of
from mobile_api.open311.spark import Tree

MOST_ROWS = 1000
_ATTRIBUTE = re.compile(r"attribute\[([^\]]{1,60})\](\[\])?")
_PHONE = re.compile(r"[0-9+() \-]{5,30}")
_CODE = re.compile(r"[^,\s]{1,60}")
# How much of each parameter is taken, in characters.
_LONGEST = {"description": 4000, "address_string": 200, "address_id": 40, "first_name": 30, "last_name": 30}
_LONGEST |= {"email": 200, "device_id": 200, "account_id": 100, "media_url": 500}


class RequestsView(Open311View):
    """`GET` lists published reports, `POST` opens one."""

    authz = {"GET": allow_everybody("open311", "read"), "POST": allow("open311", "create", Role.INTEGRATION)}

    def get(self, request: Request, form: str) -> HttpResponse:
        numbers = _listed(request, "service_request_id")
        wanted = Wanted(numbers=numbers) if numbers else _wanted(request)
        size = _whole(request, "page_size", default=MOST_ROWS, most=MOST_ROWS)
        first = (_whole(request, "page", default=1, most=100_000) - 1) * size
        found = list(partners.published(wanted)[first : first + size])
        return self.answer(_tree(request, found))

    def post(self, request: Request, form: str) -> HttpResponse:
        actor = key_holder(request)
        if not parameter(request, "service_code"):
            raise Refused("service_code is needed", field="service_code")
        now = timezone.now()
        report, extras = _report(request, actor, day=now.astimezone(LOCAL).date().isoformat())
        reported = partners.report_from_partner(actor=actor, report=report, extras=extras, now=now)
        told = {
            "service_request_id": reported.case.number,
            "service_notice": written(reported.case.due_at) or "",
            "account_id": extras.account_id or None,
        }
        return self.answer(Tree("service_requests", "request", [told]), status=201 if reported.is_new else 200)


class RequestView(Open311View):
    """One published report."""

    authz = {"GET": allow_everybody("open311", "read")}

    def get(self, request: Request, number: str, form: str) -> HttpResponse:
        found = partners.published(Wanted(numbers=[number])).first()
        if found is None:
            raise Unknown(f"service_request_id {number[:30]} was not found")
        return self.answer(_tree(request, [found]))


class TokenView(Open311View):
    """The number of a report by its token. Every report has its number at once; its id serves as its token."""

    authz = {"GET": allow_everybody("open311", "read")}

    def get(self, request: Request, token: str, form: str) -> HttpResponse:
        try:
            found = partners.published(Wanted()).filter(pk=UUID(token)).first()
        except ValueError:
            found = None
        if found is None:
            raise Unknown(f"token {token[:40]} was not found")
        told = {"token": token, "service_request_id": found.number}
        return self.answer(Tree("service_requests", "request", [told]))


def _tree(request: Request, cases: list[Case]) -> Tree:
    content = request_facts(
        cases,
        viewer=actor_of(request).user_id,
        extended=parameter(request, "extensions").lower() == "true",
        absolute=request.build_absolute_uri,
    )
    return Tree("service_requests", "request", content)


def _wanted(request: Request) -> Wanted:
    start, end = span_in(request)
    states = set(_listed(request, "status"))
    if states - {"open", "closed"}:
        raise Refused("use open, closed or both", field="status")
    return Wanted(
        codes=_listed(request, "service_code"),
        start=start,
        end=end,
        is_open="open" in states if len(states) == 1 else None,
    )


def _listed(request: Request, name: str) -> list[str]:
    found = [each.strip() for each in parameter(request, name).split(",") if each.strip()]
    if len(found) > MOST_ROWS or not all(_CODE.fullmatch(each) for each in found):
        raise Refused(f"up to {MOST_ROWS} values with commas between", field=name)
    return found


def _whole(request: Request, name: str, *, default: int, most: int) -> int:
    text = parameter(request, name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise Refused(f"a whole number from 1 to {most}", field=name)
    return int(text)


def _report(request: Request, actor: Actor, *, day: str) -> tuple[NewReport, Extras]:
    """The report of a form. A form that comes again the same day word by word is the same report."""
    matter = matter_of(parameter(request, "service_code"))
    said = {name: _text(request, name) for name in _LONGEST}
    point, address = _place(request, said)
    asked, spare = _attributes(request, {field["name"] for field in matter.form})
    try:
        answers = check_answers(matter, asked)
    except BadAnswer as error:
        raise Refused(error.detail, field=f"attribute[{error.facts['field']}]") from error
    phone = parameter(request, "phone")
    if phone and not _PHONE.fullmatch(phone):
        raise Refused("5 to 30 digits, blanks, + ( ) -", field="phone")
    name = f"{said['last_name']}{said['first_name']}" if _is_chinese(said["last_name"]) else ""
    report = NewReport(
        id=uuid5(_namespace(actor), f"{day}{digest_of(_everything(request)).hex()}"),
        matter_id=matter.pk,
        point=point,
        channel=Case.Channel.OPEN311.value,
        description=said["description"],
        address_text=address,
        contact_name=name or f"{said['first_name']} {said['last_name']}".strip(),
        contact_phone=phone,
        answers=answers,
    )
    details = {"email": said["email"], "device_id": said["device_id"], **spare}
    kept = {key: value for key, value in details.items() if value}
    return report, Extras(account_id=said["account_id"], media_url=_link(said["media_url"]), details=kept)


def _namespace(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise Refused("api_key is needed", field="api_key")
    return actor.user_id


def _everything(request: Request) -> list[list[Any]]:
    form = form_of(request)
    return sorted([name, form.getlist(name)] for name in form if name != "api_key")


def _text(request: Request, name: str) -> str:
    text = parameter(request, name)
    if len(text) > _LONGEST[name]:
        raise Refused(f"at most {_LONGEST[name]} characters", field=name)
    return text


def _is_chinese(text: str) -> bool:
    return bool(text) and all("\u4e00" <= sign <= "\u9fff" for sign in text)


def _link(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise Refused("an address that begins with https://", field="media_url")
    return text


def _place(request: Request, said: dict[str, str]) -> tuple[PointIn, str]:
    """Where it is, in WGS84, and the address in words: by lat and long, else by the address that we know."""
    texts = {name: parameter(request, name) for name in ("lat", "long")}
    if all(texts.values()):
        return PointIn(lon=_degrees(texts["long"], "long"), lat=_degrees(texts["lat"], "lat"), crs="wgs84"), said[
            "address_string"
        ]
    if any(texts.values()):
        missing = next(name for name, text in texts.items() if not text)
        raise Refused("lat and long belong together", field=missing)
    if not said["address_id"] and not said["address_string"]:
        raise Refused("give lat and long, address_id or address_string", field="lat")
    named = "address_id" if said["address_id"] else "address_string"
    known = places.find_address(code=said["address_id"], text=said["address_string"])
    if known is None:
        raise Refused("no such address here; give lat and long", field=named)
    return PointIn(lon=known.location.x, lat=known.location.y, crs="wgs84"), said["address_string"] or known.text


def _degrees(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise Refused("decimal degrees, WGS84", field=name) from error


def _attributes(request: Request, asked: set[str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Values of the form's questions, and whatever else the system sent along."""
    answers: dict[str, list[str]] = {}
    spare: dict[str, str] = {}
    form = form_of(request)
    for name in form:
        named = _ATTRIBUTE.fullmatch(name)
        if named is None:
            continue
        values = [str(value) for value in form.getlist(name)]
        if named[1] in asked:
            answers.setdefault(named[1], []).extend(values)
        else:
            spare[f"attribute[{named[1]}]"] = ", ".join(values)[:2000]
    return answers, spare
