/** What the server says, by the names that the screens use. The shapes are generated from its schema. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Uuid = string;
/** RFC 3339 with offset. */
export type Instant = string;
/** Calendar date in Asia/Shanghai, `2026-11-23`. */
export type Day = string;

export type Localised = Schemas["Localised"];
export type LocalisedList = Schemas["LocalisedList"];
export type LonLat = Schemas["LonLat"];
export type GridRef = Schemas["GridRef"];
export type TimeWindow = Schemas["TimeWindow"];
export type Crs = Schemas["Crs"];
export type Role = Schemas["Role"];
export type Actor = Schemas["ActorOut"];
export type Tokens = Schemas["TokensOut"];
export type Device = Schemas["DeviceInRequest"];

export type CaseState = Schemas["CaseState"];
export type Stage = Schemas["Stage"];
export type Lamp = Schemas["Lamp"];
export type CaseAction = Schemas["ActionEnum"];
export type LimitUnit = Schemas["UnitEnum"];
export type LocateKind = Schemas["LocateKind"];

export type Summary = Schemas["SummaryOut"];
export type CaseRow = Schemas["DeskCaseRow"];
export type CasePage = Schemas["CasePage"];
export type CaseDetail = Schemas["DeskCase"];
export type CaseEvent = Schemas["DeskEvent"];
export type CasePhoto = Schemas["DeskPhoto"];
export type Decision = Schemas["DeskDecision"];
export type ConsoleAction = Schemas["DeskAction"];
export type Contact = Schemas["ContactOut"];
export type AssignCandidate = Schemas["AssignCandidateOut"];
export type NamedRef = Schemas["NamedRef"];
export type WorkerRow = Schemas["WorkerOut"];
export type AreaRow = Schemas["AreaOut"];
export type MatterRow = Schemas["MatterRow"];
export type GridDetail = Schemas["GridDetail"];
export type LiveTicket = Schemas["TicketOut"];

export type StopKind = "duty" | "appointment" | "case";
export type StopState = "planned" | "arrived" | "done" | "missed" | "skipped";
export type PlanState = "planning" | "draft" | "published" | "superseded" | "failed";
export interface PlanRow {
  id: Uuid;
  grid: GridRef;
  community: string;
  state: PlanState;
  version: number;
  created_at: Instant;
  published_at: Instant | null;
  stops: number;
  done: number;
  appointments: number;
  unserved: number;
  travel_s: number;
  travel_m: number;
  error: string;
}
export interface PlannedStop {
  id: Uuid;
  seq: number;
  kind: StopKind;
  name: Localised;
  address: string;
  location: LonLat;
  arrive_at: Instant;
  start_at: Instant;
  leave_at: Instant;
  window: TimeWindow | null;
  state: StopState;
  reason: Localised;
  targets: { target: string; name: Localised; dwell_minutes: number }[];
  case_id: Uuid | null;
  locked: boolean;
}
export interface PlannedRoute {
  id: Uuid;
  worker: { id: Uuid; name: string };
  day: Day;
  shift: TimeWindow;
  travel_s: number;
  travel_m: number;
  path: GeoJSON.MultiLineString | null;
  stops: PlannedStop[];
}
export interface PlanDetail {
  id: Uuid;
  grid: GridRef;
  community: string;
  week_start: Day;
  state: PlanState;
  version: number;
  created_at: Instant;
  published_at: Instant | null;
  error: string;
  routes: PlannedRoute[];
  unserved: {
    kind: string;
    name: Localised;
    case_id: Uuid | null;
    required: boolean;
    visits: number;
    reason: Localised;
  }[];
}
export interface PlanJob {
  job_id: Uuid;
  week_start: Day;
  total: number;
  done: number;
  failed: { grid: string; error: string }[];
  finished: boolean;
}
export interface TrackComparison {
  worker: { id: Uuid; name: string };
  date: Day;
  walked: GeoJSON.MultiLineString | null;
  planned: GeoJSON.MultiLineString | null;
  walked_m: number;
  planned_m: number;
  on_plan_share: number | null;
  stops_planned: number;
  stops_visited: number;
  points: number;
  first_at: Instant | null;
  last_at: Instant | null;
}
