"""The form of a matter: which answers it asks for, and whether given ones fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from backend.matters.errors import BadAnswer
from backend.matters.models import Matter

MOST_TEXT = 2000
_MOST_NUMBER = 10**9


class AnswerKind(StrEnum):
    """What a field takes. `choice` and `choices` name values of the field's options."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    NUMBER = "number"
    MOMENT = "moment"
    CHOICE = "choice"
    CHOICES = "choices"


@dataclass(frozen=True, slots=True)
class FormField:
    """One question: a name for programs, a label in two languages, options as (value, Chinese, English)."""

    name: str
    kind: AnswerKind
    label_zh: str
    label_en: str
    required: bool
    options: tuple[tuple[str, str, str], ...]


def fields_of(matter: Matter) -> list[FormField]:
    """The questions of the matter in their order."""
    return [_field(stored) for stored in matter.form]


def _field(stored: dict[str, Any]) -> FormField:
    label = stored.get("label") or {}
    options = [(one["value"], one.get("label") or {}) for one in stored.get("options", [])]
    return FormField(
        name=stored["name"],
        kind=AnswerKind(stored.get("kind", AnswerKind.TEXT)),
        label_zh=label.get("zh") or stored["name"],
        label_en=label.get("en") or label.get("zh") or stored["name"],
        required=bool(stored.get("required")),
        options=tuple(
            (value, words.get("zh") or value, words.get("en") or words.get("zh") or value) for value, words in options
        ),
    )


def check_answers(matter: Matter, given: Mapping[str, str | Sequence[str]]) -> dict[str, Any]:
    """Texts as they came → typed answers. Empty ones count as not given, names that no question has are left out.

    Raises BadAnswer with `field` for a missing required answer and for one of another kind.
    """
    answers = {field.name: _typed(field, _present(given.get(field.name))) for field in fields_of(matter)}
    return {name: value for name, value in answers.items() if value is not None}


def _present(given: str | Sequence[str] | None) -> list[str]:
    several = [given] if isinstance(given, str) else list(given or ())
    return [text.strip() for text in several if text.strip()]


def _typed(field: FormField, given: list[str]) -> Any:
    if not given:
        if field.required:
            raise BadAnswer("this answer is needed", field=field.name)
        return None
    if field.kind is AnswerKind.CHOICES:
        return [_chosen(field, text) for text in dict.fromkeys(given)]
    if len(given) > 1:
        raise BadAnswer("give one answer", field=field.name)
    return _READERS[field.kind](field, given[0])


def _chosen(field: FormField, text: str) -> str:
    values = [value for value, _, _ in field.options]
    if text not in values:
        raise BadAnswer(f"choose one of {', '.join(values)}", field=field.name)
    return text


def _text(field: FormField, text: str) -> str:
    if len(text) > MOST_TEXT:
        raise BadAnswer(f"at most {MOST_TEXT} characters", field=field.name)
    return text


def _number(field: FormField, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise BadAnswer("a number is needed", field=field.name) from error
    if not abs(value) <= _MOST_NUMBER:
        raise BadAnswer("a number up to a billion is needed", field=field.name)
    return value


def _integer(field: FormField, text: str) -> int:
    value = _number(field, text)
    if value != int(value):
        raise BadAnswer("a whole number is needed", field=field.name)
    return int(value)


def _moment(field: FormField, text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadAnswer("a date and time like 2026-11-30T09:00:00+08:00 is needed", field=field.name) from error
    if moment.tzinfo is None:
        raise BadAnswer("say the offset: 2026-11-30T09:00:00+08:00", field=field.name)
    return moment.isoformat()


_READERS = {
    AnswerKind.TEXT: _text,
    AnswerKind.LONG_TEXT: _text,
    AnswerKind.INTEGER: _integer,
    AnswerKind.NUMBER: _number,
    AnswerKind.MOMENT: _moment,
    AnswerKind.CHOICE: _chosen,
}
