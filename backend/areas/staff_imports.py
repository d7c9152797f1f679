"""Departments, people with their roles, rosters and absences from the lists that an office keeps."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q

from backend.accounts.errors import PhoneNotValid
from backend.accounts.models import Department, Membership, User
from backend.accounts.roles import FIELD_ROLES, Role
from backend.accounts.services import clean_phone
from backend.areas.duty.absences import kind_of_absence, settle_absences
from backend.areas.duty.rosters import refuse_overlaps, settle_duties
from backend.areas.models import Absence, Area, Duty
from backend.core.crypto import blind_index
from backend.core.ids import uuid7
from backend.core.imports import Report, Row, midnight, read_table, refuse_doubles

ROLES: Final = tuple(role.value for role in Role if role not in (Role.RESIDENT, Role.SYSTEM))
EMPLOYMENTS: Final = ("full_time", "part_time", "staff")
LEAST_PASSWORD: Final = 12
# What a roster file may call a post → post and rank. A plain deputy is the A deputy.
POSTS: Final = {
    "leader": (Duty.Post.LEADER, 0),
    "worker": (Duty.Post.WORKER, 0),
    "deputy": (Duty.Post.DEPUTY, 1),
    "deputy_b": (Duty.Post.DEPUTY, 2),
}


class StaffImport:
    """One import of the staff; call the steps in the order of the files: departments, people, roster, absences."""

    def __init__(self, report: Report, *, now: datetime, is_invented: bool = False) -> None:
        self._report, self._now, self._is_invented = report, now, is_invented
        self._areas = {area.code: area for area in Area.objects.filter(Q(closed_at=None) | Q(closed_at__gt=now))}
        self._users: dict[str, User] = {}

    def departments(self, file: Path) -> None:
        """Upsert by code."""
        rows = read_table(self._report, file, ("code", "name", "name_en", "area_code", "duty_phone"))
        refuse_doubles(rows, "code")
        known = set(Department.objects.values_list("code", flat=True))
        found = []
        for row in rows:
            department = Department(
                id=uuid7(),
                code=row.text("code", most=30),
                name_zh=row.text("name", most=80),
                name_en=row.text("name_en", needed=False, most=80),
                duty_phone=row.text("duty_phone", needed=False, most=30),
                area=self._area(row, "area_code"),
            )
            if not row.is_bad:
                found.append(department)
        Department.objects.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["name_zh", "name_en", "duty_phone", "area"],
        )
        self._report.counts |= {
            "departments": len(found),
            "new departments": len([one for one in found if one.code not in known]),
        }

    def people(self, file: Path, *, passwords: dict[str, str]) -> None:
        """Users by name with one role each; without an entry in `passwords` nobody can sign in with one yet."""
        columns = ("username", "name", "phone", "role", "area_code", "employment", "department_code", "starts_on")
        rows = read_table(self._report, file, columns)
        refuse_doubles(rows, "username")
        departments = {department.code: department for department in Department.objects.all()}
        held = {
            user.username: user for user in User.objects.filter(username__in=[row.text("username") for row in rows])
        }
        new: list[User] = []
        old: list[User] = []
        wanted: list[Membership] = []
        for row in self._report.progress(rows, "people"):
            membership = self._membership(row, departments)
            user = held.get(row.text("username", most=60)) or User(id=uuid7(), username=row.text("username"))
            phone = self._phone(row)
            user.name, user.phone, user.phone_index = (
                row.text("name", most=60),
                phone,
                blind_index(phone) if phone else None,
            )
            user.is_invented = user.is_invented or self._is_invented
            if user.username in passwords:
                user.password = make_password(passwords[user.username])
            elif user.username not in held:
                user.set_unusable_password()
            if row.is_bad or membership is None:
                continue
            (old if user.username in held else new).append(user)
            self._users[user.username] = membership.user = user
            wanted.append(membership)
        for username in sorted(passwords.keys() - {row.text("username") for row in rows}):
            self._report.refuse(file=file, row=0, field="username", reason=f"{username} has a password, but no row")
        self._report.stop_if_bad()
        User.objects.bulk_create(new)
        User.objects.bulk_update(old, ["name", "phone", "phone_index", "password", "is_invented"], batch_size=500)
        self._settle_memberships(wanted)
        self._report.counts |= {"people": len(wanted), "new people": len(new)}

    def _phone(self, row: Row) -> str:
        given = row.text("phone", needed=False, most=30)
        try:
            return clean_phone(given) if given else ""
        except PhoneNotValid as error:
            row.refuse("phone", error.detail)
            return ""

    def _membership(self, row: Row, departments: dict[str, Department]) -> Membership | None:
        role = row.choice("role", ROLES)
        employment = row.choice("employment", EMPLOYMENTS)
        starts = row.day("starts_on")
        area = self._area(row, "area_code") if row.text("area_code", needed=False) or role != Role.ADMIN else None
        code = row.text("department_code", needed=role == Role.DEPARTMENT)
        if code and code not in departments:
            row.refuse("department_code", f"no department {code}")
        if row.is_bad or starts is None:
            return None
        if area is not None and area.level == Area.Level.GRID:
            if Role(role) not in FIELD_ROLES:
                row.refuse("area_code", "only field workers belong to a grid")
            area = area.parent
        return Membership(
            id=uuid7(),
            role=role,
            area=area,
            department=departments.get(code),
            employment=employment,
            valid=DateTimeTZRange(midnight(starts), None),
        )

    def _settle_memberships(self, wanted: list[Membership]) -> None:
        """Each person holds exactly the role of the file from now on; what is the same already stays as it is."""
        open_now: dict[object, list[Membership]] = defaultdict(list)
        for held in Membership.objects.filter(user__in=[m.user for m in wanted], valid__endswith=None):
            open_now[held.user_id].append(held)
        fresh = []
        for membership in wanted:
            same = [held for held in open_now[membership.user_id] if _same_post(held, membership)]
            for held in open_now[membership.user_id]:
                if held not in same:
                    self._end(held)
            if same:
                same[0].employment = membership.employment
                same[0].save(update_fields=["employment"])
                continue
            if open_now[membership.user_id]:
                membership.valid = DateTimeTZRange(self._now, None)
            fresh.append(membership)
        Membership.objects.bulk_create(fresh)

    def _end(self, held: Membership) -> None:
        if held.valid.lower is not None and held.valid.lower >= self._now:
            held.delete()
            return
        held.valid = DateTimeTZRange(held.valid.lower, self._now)
        held.save(update_fields=["valid"])

    def roster(self, file: Path) -> None:
        """Who answers for the grids of the file; duties of those grids that it leaves out end now."""
        rows = read_table(self._report, file, ("grid_code", "username", "post", "starts_on", "ends_on"))
        users = self._users_of(rows)
        part_time_people = set(
            User.objects.filter(memberships__employment="part_time", memberships__valid__contains=self._now)
        )
        wanted: list[tuple[Row, Duty]] = []
        for row in rows:
            grid = self._area(row, "grid_code")
            if grid is not None and grid.level != Area.Level.GRID:
                row.refuse("grid_code", f"{grid.code} is a {grid.level}")
            said = row.choice("post", POSTS)
            starts, ends = row.day("starts_on"), row.day("ends_on", needed=False)
            user = users.get(row.text("username"))
            if user is None:
                row.refuse("username", f"no person {row.text('username', needed=False)!r}")
            if ends is not None and starts is not None and ends < starts:
                row.refuse("ends_on", "lies before starts_on")
            if not row.is_bad and starts is not None:
                post, rank = POSTS[said]
                part_time = post == Duty.Post.WORKER and user in part_time_people
                valid = _days(starts, ends)
                wanted.append(
                    (
                        row,
                        Duty(
                            id=uuid7(), grid=grid, worker=user, post=post, rank=rank, part_time=part_time, valid=valid
                        ),
                    )
                )
        refuse_overlaps(wanted, field="starts_on")
        self._report.stop_if_bad()
        settle_duties([duty for _, duty in wanted], now=self._now)
        self._report.counts["duties"] = len(wanted)

    def absences(self, file: Path) -> None:
        """Absences of the people in the file; what overlaps another one of theirs replaces it."""
        rows = read_table(self._report, file, ("username", "starts_at", "ends_at", "reason"))
        users = self._users_of(rows)
        wanted = []
        for row in rows:
            starts, ends = row.moment("starts_at"), row.moment("ends_at")
            user = users.get(row.text("username"))
            if user is None:
                row.refuse("username", f"no person {row.text('username', needed=False)!r}")
            if starts is not None and ends is not None and ends <= starts:
                row.refuse("ends_at", "lies not after starts_at")
            reason = row.text("reason", most=40)
            if not row.is_bad:
                wanted.append(
                    (
                        row,
                        Absence(
                            id=uuid7(),
                            worker=user,
                            period=DateTimeTZRange(starts, ends),
                            kind=kind_of_absence(reason),
                            reason=reason,
                        ),
                    )
                )
        ordered = sorted(wanted, key=lambda item: (str(item[1].worker_id), item[1].period.lower))
        for (first, before), (row, absence) in pairwise(ordered):
            if before.worker_id == absence.worker_id and before.period.upper > absence.period.lower:
                row.refuse("starts_at", f"overlaps the absence in row {first.number}")
        self._report.stop_if_bad()
        settle_absences([absence for _, absence in wanted], now=self._now)
        self._report.counts["absences"] = len(wanted)

    def _users_of(self, rows: list[Row]) -> dict[str, User]:
        names = {row.text("username", needed=False) for row in rows} - self._users.keys()
        return self._users | {user.username: user for user in User.objects.filter(username__in=names)}

    def _area(self, row: Row, field: str) -> Area | None:
        code = row.text(field, most=30)
        area = self._areas.get(code)
        if code and area is None:
            row.refuse(field, f"no area {code}")
        return area


def read_passwords(report: Report, file: Path) -> dict[str, str]:
    """First passwords from a table `username,password`; short ones are refused without being repeated."""
    passwords = {}
    for row in read_table(report, file, ("username", "password")):
        password = row.text("password", most=128)
        if len(password) < LEAST_PASSWORD:
            row.refuse("password", f"has fewer than {LEAST_PASSWORD} characters")
        passwords[row.text("username", most=60)] = password
    return passwords


def _same_post(held: Membership, wanted: Membership) -> bool:
    return (held.role, held.area_id, held.department_id) == (wanted.role, wanted.area_id, wanted.department_id)


def _days(starts: date, ends: date | None) -> DateTimeTZRange:
    """Whole local days, the last one included."""
    return DateTimeTZRange(midnight(starts), midnight(ends + timedelta(days=1)) if ends else None)
