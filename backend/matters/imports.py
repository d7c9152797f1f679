"""The matter list and the calendar of public holidays from reference files."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from backend.accounts.models import Department
from backend.core.calendar import forget_calendar, missing_years
from backend.core.clock import Unit
from backend.core.ids import uuid7
from backend.core.imports import Report, read_json, read_table, refuse_doubles
from backend.core.models import CalendarDay
from backend.matters.forms import AnswerKind
from backend.matters.models import FilingCondition, Matter

UNITS: Final = tuple(unit.value for unit in Unit)
TEXTS: Final = ("legal_basis", "requirements", "procedure", "fee")
MOST_WORK_DAYS: Final = 9999


class _Entry:
    """One matter of the file; what cannot be read is named in the report."""

    def __init__(self, report: Report, file: Path, row: int, given: dict[str, Any]) -> None:
        self._report, self._file, self.row, self.given = report, file, row, given
        self.is_bad = False

    def refuse(self, field: str, reason: str) -> None:
        self.is_bad = True
        self._report.refuse(file=self._file, row=self.row, field=field, reason=reason)

    def text(self, field: str, *, most: int, within: dict[str, Any] | None = None, needed: bool = True) -> str:
        value = (self.given if within is None else within).get(field)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or (needed and not value.strip()) or len(value) > most:
            self.refuse(field, f"must be a text of up to {most} characters")
            return ""
        return value.strip()

    def choice(self, field: str, among: tuple[str, ...], within: dict[str, Any] | None = None) -> str:
        value = (self.given if within is None else within).get(field)
        if value not in among:
            self.refuse(field, f"{value!r} is none of {', '.join(among)}")
            return among[0]
        return str(value)

    def flag(self, field: str) -> bool:
        value = self.given.get(field)
        if not isinstance(value, bool):
            self.refuse(field, "must be true or false")
        return bool(value)

    def two(self, field: str, *, most: int, within: dict[str, Any] | None = None) -> tuple[str, str]:
        """Chinese (needed) and English text."""
        value = (self.given if within is None else within).get(field)
        if not isinstance(value, dict):
            self.refuse(field, 'must be {"zh": …, "en": …}')
            return "", ""
        return self.text("zh", most=most, within=value), self.text("en", most=most, within=value, needed=False)

    def localised(self, field: str, kind: type[str] | type[list[Any]]) -> dict[str, Any]:
        value = self.given.get(field) or {}
        if not isinstance(value, dict) or not all(isinstance(value.get(key, kind()), kind) for key in ("zh", "en")):
            self.refuse(field, 'must be {"zh": …, "en": …}')
            return {}
        return {key: value[key] for key in ("zh", "en") if key in value}


def import_matters(report: Report, *, file: Path) -> None:
    """Upserts matters by (scheme, code) and their conditions by code; a change raises the version of the matter.

    Conditions that the file leaves out are retired, matters that it leaves out stay as they are.
    """
    content = read_json(report, file)
    if not isinstance(content, list):
        report.refuse(file=file, row=0, field="", reason="is not a list of matters")
    report.stop_if_bad()
    departments = {department.code: department for department in Department.objects.all()}
    known = {(matter.scheme, matter.code): matter for matter in Matter.objects.prefetch_related("conditions")}
    seen: set[tuple[str, str]] = set()
    found: list[tuple[Matter, list[FilingCondition]]] = []
    for row, given in enumerate(report.progress(content, "matters"), start=1):
        entry = _Entry(report, file, row, given if isinstance(given, dict) else {})
        matter, conditions = _matter(entry, departments)
        if (matter.scheme, matter.code) in seen:
            entry.refuse("code", f"{matter.scheme} {matter.code} stands in the file twice")
        seen.add((matter.scheme, matter.code))
        found.append((matter, conditions))
    report.stop_if_bad()
    changes = [_store(matter, conditions, known.get((matter.scheme, matter.code))) for matter, conditions in found]
    report.counts |= {
        "matters": len(found),
        "new matters": changes.count("new"),
        "changed matters": changes.count("changed"),
    }


def _matter(entry: _Entry, departments: dict[str, Department]) -> tuple[Matter, list[FilingCondition]]:
    handler = entry.choice("handler", tuple(Matter.Handler.values))
    code = entry.given.get("department_code")
    department = departments.get(code) if isinstance(code, str) else None
    if code is not None and department is None:
        entry.refuse("department_code", f"no department {code!r}: import the departments first")
    elif handler == Matter.Handler.DEPARTMENT and department is None:
        entry.refuse("department_code", "a matter of a department must name it")
    name, category = entry.two("name", most=80), entry.two("category", most=60)
    matter = Matter(
        id=uuid7(),
        scheme=entry.text("scheme", most=20),
        code=entry.text("code", most=30),
        kind=entry.choice("kind", tuple(Matter.Kind.values)),
        slug=entry.text("slug", most=80),
        category_code=entry.text("category_code", most=20),
        category_zh=category[0],
        category_en=category[1],
        name_zh=name[0],
        name_en=name[1],
        handler=handler,
        department=department,
        auto_file=entry.flag("auto_file"),
        public=entry.flag("public"),
        dwell_minutes=_dwell(entry),
        service_type=entry.localised("type", str),
        materials=entry.localised("materials", list),
        **{field: entry.localised(field, str) for field in TEXTS},
    )
    form, evidence = entry.given.get("form") or [], entry.given.get("evidence") or {}
    if not _is_form(form):
        entry.refuse("form", f"must be a list of named fields, each of a kind: {', '.join(AnswerKind)}")
    if not isinstance(evidence, dict) or not all(isinstance(value, bool) for value in evidence.values()):
        entry.refuse("evidence", "must say true or false per kind")
    matter.form, matter.evidence = form, evidence
    return matter, _conditions(entry, matter)


def _is_form(form: object) -> bool:
    if not isinstance(form, list) or not all(isinstance(part, dict) for part in form):
        return False
    names = [part.get("name") for part in form]
    return (
        all(isinstance(name, str) and name for name in names)
        and len(set(names)) == len(names)
        and all(part.get("kind", AnswerKind.TEXT) in set(AnswerKind) and _has_options(part) for part in form)
    )


def _has_options(part: dict[str, Any]) -> bool:
    """A choice needs something to choose from; other kinds have nothing."""
    options = part.get("options", [])
    chooses = part.get("kind") in (AnswerKind.CHOICE, AnswerKind.CHOICES)
    return bool(options) == chooses and all(
        isinstance(one, dict) and isinstance(one.get("value"), str) and one["value"] for one in options
    )


def _dwell(entry: _Entry) -> int:
    value = entry.given.get("dwell_minutes")
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 480:
        entry.refuse("dwell_minutes", "must be a whole number from 1 to 480")
        return 1
    return value


def _conditions(entry: _Entry, matter: Matter) -> list[FilingCondition]:
    given = entry.given.get("conditions")
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        entry.refuse("conditions", "must be a list of at least one condition")
        return []
    conditions = []
    for position, one in enumerate(given, start=1):
        name, closing = entry.two("name", most=120, within=one), entry.two("closing", most=120, within=one)
        amount = one.get("limit_amount")
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount <= MOST_WORK_DAYS:
            entry.refuse("limit_amount", f"{amount!r} is no limit above 0")
            amount = 1
        conditions.append(
            FilingCondition(
                id=uuid7(),
                matter=matter,
                code=entry.text("code", most=20, within=one),
                position=position,
                name_zh=name[0],
                name_en=name[1],
                limit_amount=Decimal(str(amount)),
                limit_unit=entry.choice("limit_unit", UNITS, one),
                closing_zh=closing[0],
                closing_en=closing[1],
            )
        )
    if len({condition.code for condition in conditions}) < len(conditions):
        entry.refuse("conditions", "have the same code twice")
    return conditions


_FIELDS: Final = (
    "kind",
    "slug",
    "category_code",
    "category_zh",
    "category_en",
    "name_zh",
    "name_en",
    "handler",
    "department_id",
    "auto_file",
    "public",
    "dwell_minutes",
    "form",
    "evidence",
    "service_type",
    "materials",
    *TEXTS,
)
_CONDITION_FIELDS: Final = (
    "position",
    "name_zh",
    "name_en",
    "limit_amount",
    "limit_unit",
    "closing_zh",
    "closing_en",
    "is_active",
)


def _store(matter: Matter, conditions: list[FilingCondition], held: Matter | None) -> str:
    if held is None:
        matter.save(force_insert=True)
        FilingCondition.objects.bulk_create(conditions)
        return "new"
    changed = [field for field in _FIELDS if getattr(held, field) != getattr(matter, field)]
    for field in changed:
        setattr(held, field, getattr(matter, field))
    conditions_changed = _store_conditions(held, conditions)
    if not changed and not conditions_changed:
        return "same"
    held.version += 1
    held.save(update_fields=["version", *(field.removesuffix("_id") for field in changed)])
    return "changed"


def _store_conditions(held: Matter, wanted: list[FilingCondition]) -> bool:
    """Whether a condition was added, changed or retired."""
    present = {condition.code: condition for condition in held.conditions.all()}
    is_changed = False
    for condition in wanted:
        old = present.pop(condition.code, None)
        if old is None:
            condition.matter = held
            condition.save(force_insert=True)
            is_changed = True
            continue
        fields = [field for field in _CONDITION_FIELDS if getattr(old, field) != getattr(condition, field)]
        if fields:
            for field in fields:
                setattr(old, field, getattr(condition, field))
            old.save(update_fields=fields)
            is_changed = True
    for retired in present.values():
        if retired.is_active:
            retired.is_active = False
            retired.save(update_fields=["is_active"])
            is_changed = True
    return is_changed


def import_holidays(report: Report, *, file: Path, now: datetime) -> None:
    """Days that differ from the plain week, by date; days of the same years that the file leaves out go."""
    rows = read_table(report, file, ("date", "kind", "name", "name_en", "source"))
    refuse_doubles(rows, "date")
    days = []
    for row in rows:
        day, kind = row.day("date"), row.choice("kind", CalendarDay.Kind.values)
        name, english = row.text("name", most=60), row.text("name_en", needed=False, most=60)
        source = row.text("source", needed=False, most=200)
        if day is not None and not row.is_bad:
            days.append(CalendarDay(date=day, kind=kind, name_zh=name, name_en=english, source=source))
    report.stop_if_bad()
    years = {day.date.year for day in days}
    CalendarDay.objects.filter(date__year__in=years).exclude(date__in=[day.date for day in days]).delete()
    CalendarDay.objects.bulk_create(
        days, update_conflicts=True, unique_fields=["date"], update_fields=["kind", "name_zh", "name_en", "source"]
    )
    forget_calendar()
    report.counts["holidays"] = len(days)
    report.notes += [f"the calendar holds no day of {year}" for year in missing_years(now)]
    for year in sorted({day.date.year for day in days if day.source == "provisional"}):
        report.notes.append(f"the days of {year} are provisional: import the published list when it is out")
