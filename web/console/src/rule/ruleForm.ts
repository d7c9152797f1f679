import { ApiError, type RuleBody, type RuleRow, type RuleTarget } from "@gridward/core";

import { momentOf } from "../duty/calendar";

export type RuleShape =
  GeoJSON.Polygon | GeoJSON.MultiPolygon | GeoJSON.LineString | GeoJSON.MultiLineString | GeoJSON.Point;

/** A rule as the form holds it: local moments as `datetime-local` has them, empty for none. */
export interface RuleForm {
  nameZh: string;
  nameEn: string;
  ground: string;
  area: string;
  shape: RuleShape | null;
  reachM: number;
  asset: string;
  matter: string;
  category: string;
  weekdays: number[];
  hoursFrom: string;
  hoursUntil: string;
  /** Days of every year as "06-01", both included; empty for the whole year. */
  seasonFrom: string;
  seasonUntil: string;
  target: RuleTarget;
  department: string;
  targetArea: string;
  priority: number;
  from: string;
  until: string;
}

const REACH_FIRST_M = 15;

export function emptyForm(area: string, from: string): RuleForm {
  return {
    nameZh: "",
    nameEn: "",
    ground: "",
    area,
    shape: null,
    reachM: REACH_FIRST_M,
    asset: "",
    matter: "",
    category: "",
    weekdays: [],
    hoursFrom: "",
    hoursUntil: "",
    seasonFrom: "",
    seasonUntil: "",
    target: "department",
    department: "",
    targetArea: "",
    priority: 100,
    from,
    until: "",
  };
}

export function formOf(row: RuleRow, local: (at: string) => string): RuleForm {
  return {
    nameZh: row.name.zh,
    nameEn: row.name.en === row.name.zh ? "" : row.name.en,
    ground: row.ground,
    area: row.area.code,
    shape: row.shape as unknown as RuleShape | null,
    reachM: row.reach_m || REACH_FIRST_M,
    asset: row.asset_code,
    matter: row.matter?.id ?? "",
    category: row.category_prefix,
    weekdays: [...row.weekdays],
    hoursFrom: row.hours_from ?? "",
    hoursUntil: row.hours_until ?? "",
    seasonFrom: row.season_from ?? "",
    seasonUntil: row.season_until ?? "",
    target: row.target,
    department: row.department?.id ?? "",
    targetArea: row.target_area?.code ?? "",
    priority: row.priority,
    from: row.valid_from ? local(row.valid_from) : "",
    until: row.valid_until ? local(row.valid_until) : "",
  };
}

export function hasReach(shape: RuleShape | null): boolean {
  return shape !== null && shape.type !== "Polygon" && shape.type !== "MultiPolygon";
}

/** What keeps the form from being sent, by name; null when nothing does. */
export function lackOf(form: RuleForm): "name" | "area" | "target" | "hours" | "season" | "from" | null {
  if (form.nameZh.trim() === "") return "name";
  if (form.area === "") return "area";
  if ((form.target === "department" ? form.department : form.targetArea) === "") return "target";
  if ((form.hoursFrom === "") !== (form.hoursUntil === "")) return "hours";
  if (!isWholeSeason(form)) return "season";
  return momentOf(form.from) ? null : "from";
}

/** Whether both days are chosen to the day, or neither is begun. */
function isWholeSeason(form: RuleForm): boolean {
  const days = [form.seasonFrom, form.seasonUntil];
  return days.every((day) => day === "") || days.every((day) => /^\d\d-\d\d$/.test(day));
}

/** The body of a form without lack. */
export function bodyOf(form: RuleForm): RuleBody {
  const toDepartment = form.target === "department";
  return {
    name_zh: form.nameZh.trim(),
    name_en: form.nameEn.trim(),
    ground: form.ground.trim(),
    area_code: form.area,
    shape: form.shape ? { ...form.shape } : null,
    reach_m: hasReach(form.shape) ? form.reachM : 0,
    asset_code: form.asset.trim(),
    matter_id: form.matter || null,
    category_prefix: form.category,
    weekdays: [...form.weekdays].sort((a, b) => a - b),
    hours_from: form.hoursFrom || null,
    hours_until: form.hoursUntil || null,
    season_from: form.seasonFrom,
    season_until: form.seasonUntil,
    target: form.target,
    department_id: toDepartment ? form.department : null,
    target_code: toDepartment ? "" : form.targetArea,
    priority: form.priority,
    valid_from: momentOf(form.from) ?? "",
    valid_until: momentOf(form.until),
  };
}

export interface RuleFault {
  field: string;
  reason: string;
}

/** The faults that a refusal names, field by field; none for another error. */
export function faultsOf(error: unknown): RuleFault[] {
  const said = error instanceof ApiError && error.code === "bad_rule" ? error.problem.facts["problems"] : [];
  return Array.isArray(said) ? said.filter(isFault) : [];
}

function isFault(value: unknown): value is RuleFault {
  return (
    typeof value === "object" &&
    value !== null &&
    "field" in value &&
    typeof value.field === "string" &&
    "reason" in value &&
    typeof value.reason === "string"
  );
}
