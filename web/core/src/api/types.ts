/** What the server says and hears, by the names of the interface. One place, so that generated types can replace it. */

export type Uuid = string;
/** RFC 3339 with offset. */
export type Instant = string;
/** Calendar date in Asia/Shanghai, `2026-11-23`. */
export type Day = string;

export interface Localised {
  zh: string;
  en: string;
}
export interface LocalisedList {
  zh: string[];
  en: string[];
}
export interface Page<T> {
  items: T[];
  next: string | null;
}
export interface LonLat {
  lon: number;
  lat: number;
}
export type Crs = "wgs84" | "cgcs2000" | "gcj02" | "bd09";
export interface PointIn extends LonLat {
  crs: Crs;
  accuracy_m?: number | null;
}
export interface TimeWindow {
  start: Instant;
  end: Instant;
}

export type Role =
  | "resident"
  | "grid_worker"
  | "grid_leader"
  | "community"
  | "street"
  | "district"
  | "city"
  | "department"
  | "auditor"
  | "integration"
  | "admin";
export type AreaLevel = "city" | "county" | "street" | "community" | "grid";
export interface AreaRef {
  code: string;
  name: string;
  path: string;
  level?: AreaLevel;
}
export interface Actor {
  user_id: Uuid;
  name: string;
  role: Role;
  roles: { role: Role; areas: AreaRef[] }[];
  areas: AreaRef[];
  phone_masked: string | null;
}
export interface Device {
  id: Uuid;
  name: string;
  platform: string;
}
export interface Tokens {
  access: string;
  refresh: string;
  expires_in: number;
  actor: Actor;
}

export type MatterKind = "incident" | "home_service";
export type Handler = "grid" | "department";
export type LimitUnit = "UH" | "WH" | "WD" | "ND";
export interface MatterCondition {
  code: string;
  name: Localised;
  limit: { amount: number; unit: LimitUnit } | null;
  closing: Localised;
}
export type FieldKind = "text" | "number" | "date" | "choice" | "choices" | "boolean";
export interface FormField {
  name: string;
  kind: FieldKind;
  label: Localised;
  required?: boolean;
  help?: Localised;
  choices?: { value: string; label: Localised }[];
}
export interface Matter {
  id: Uuid;
  scheme: string;
  code: string;
  kind: MatterKind;
  category: Localised;
  name: Localised;
  slug: string;
  handler: Handler;
  conditions: MatterCondition[];
  legal_basis: Localised;
  materials: LocalisedList;
  procedure: Localised;
  fee: Localised;
  requirements: Localised;
  type: Localised;
  time_limit: Localised;
  dwell_minutes: number | null;
  form: FormField[];
}
export interface MatterRef {
  id: Uuid;
  code: string;
  name: Localised;
  category?: Localised;
  slug?: string;
  kind?: MatterKind;
}

export type CaseState =
  | "reported"
  | "verifying"
  | "filed"
  | "returned"
  | "pending_handle"
  | "handling"
  | "suspended"
  | "pending_check"
  | "closed"
  | "not_accepted"
  | "cancelled"
  | "forced_close";
export type Stage =
  "collected" | "filed" | "dispatched" | "handling" | "feedback" | "checked_closed" | "evaluated";
export type Lamp = "green" | "yellow" | "orange" | "red";
export type CaseAction =
  | "report"
  | "route"
  | "self_handle"
  | "verify"
  | "verified"
  | "file"
  | "refuse"
  | "dispatch"
  | "return"
  | "assign"
  | "accept"
  | "hand_back"
  | "submit"
  | "rework"
  | "close"
  | "suspend"
  | "resume"
  | "cancel"
  | "force_close"
  | "reopen"
  | "rate"
  | "note"
  | "escalate";
export type LocateKind = "inside" | "on_border" | "uncertain" | "snapped" | "gap" | "outside";
export interface Decision {
  kind: LocateKind;
  rule: string;
  text: Localised;
}
export interface GridRef {
  code: string;
  name: string;
}

export interface LocateAnswer {
  kind: LocateKind;
  grid: (GridRef & { community: string }) | null;
  leader_name: string | null;
  duty_phone: string | null;
  candidates: { code: string; name: string; share: number }[];
}
export interface PhotoReceipt {
  id: Uuid;
  state: string;
  url: string;
  width: number;
  height: number;
  claim: string;
}
export interface PhotoClaim {
  id: Uuid;
  claim: string;
}
export interface Contact {
  name?: string;
  phone?: string;
}
export interface ReportIn {
  id: Uuid;
  matter: Uuid;
  condition?: string | null;
  description: string;
  location: PointIn;
  address?: string;
  contact?: Contact | null;
  photos: PhotoClaim[];
}
export interface Responsible {
  name_masked: string;
  post: string;
}
export interface Report {
  id: Uuid;
  number: string;
  tracking_code?: string;
  state: CaseState;
  stage: Stage;
  matter: MatterRef;
  grid: GridRef | null;
  responsible: Responsible | null;
  department: Localised | string | null;
  due_at: Instant | null;
  decision: Decision | null;
  created_at: Instant;
}
export interface PublicTimelineEntry {
  at: Instant;
  kind: CaseAction;
  text: Localised;
  photos: string[];
}
export type AppointmentState = "booked" | "done" | "missed" | "cancelled";
export interface Appointment {
  id: Uuid;
  window: TimeWindow;
  state: AppointmentState;
  arrival?: TimeWindow | null;
}
export interface Rating {
  responded: boolean | null;
  solved: boolean | null;
  satisfied: number | null;
  comment?: string;
}
export interface PublicCase {
  id?: Uuid;
  number: string;
  matter: MatterRef;
  state: CaseState;
  stage: Stage;
  lamp: Lamp | null;
  grid: GridRef | null;
  responsible: Responsible | null;
  due_at: Instant | null;
  created_at?: Instant;
  location: LonLat;
  description: string;
  photos: string[];
  timeline: PublicTimelineEntry[];
  appointment: Appointment | null;
  may: { rate: boolean; cancel: boolean; reopen: boolean };
  rating: Rating | null;
}
export interface RatingIn {
  responded: boolean;
  solved: boolean;
  satisfied: number;
  comment: string;
}
export interface Slot extends TimeWindow {
  left: number;
}
export interface Slots {
  grid: GridRef;
  items: Slot[];
}
export interface AppointmentIn {
  id: Uuid;
  matter: Uuid;
  location: PointIn;
  address: string;
  slot: TimeWindow;
  contact: { name: string; phone: string };
  note: string;
  answers: Record<string, unknown>;
}
export interface BookedAppointment extends Report {
  appointment: Appointment;
}

/* field */
export type StopKind = "duty" | "appointment" | "case";
export type StopState = "planned" | "arrived" | "done" | "missed" | "skipped";
export interface PlaceRef {
  id: Uuid;
  name: string;
  address: string;
  kind: string;
}
export interface StopTarget {
  duty_id: Uuid;
  target: string;
  name: Localised;
  dwell_minutes: number;
}
export interface Stop {
  id: Uuid;
  seq: number;
  kind: StopKind;
  place: PlaceRef | null;
  location: LonLat;
  planned: { arrive: Instant; leave: Instant };
  window: TimeWindow | null;
  state: StopState;
  reason: Localised;
  targets: StopTarget[];
  case_id: Uuid | null;
  contact: { name: string; phone: string } | null;
  note: string;
  version: number;
}
export interface FieldAction {
  action: CaseAction;
  needs: ("note" | "photo")[];
  disabled_reason: string | null;
}
export interface CasePhoto {
  id: Uuid;
  url: string;
  purpose: "report" | "before" | "after" | "visit";
}
export interface CaseEvent {
  id?: Uuid;
  n?: number;
  at: Instant;
  action: CaseAction;
  from_state?: CaseState | "";
  to_state: CaseState;
  actor_name: string | null;
  actor_role: Role | "system" | "anonymous";
  note: string;
  text?: Localised;
  was_overdue?: boolean;
  photos?: string[];
}
export interface FieldCase {
  id: Uuid;
  number: string;
  version: number;
  matter: MatterRef;
  condition: string | null;
  state: CaseState;
  stage: Stage;
  lamp: Lamp | null;
  due_at: Instant | null;
  location: LonLat;
  address: string;
  description: string;
  photos: CasePhoto[];
  contact: { name: string; phone: string } | null;
  events: CaseEvent[];
  actions: FieldAction[];
  appointment: Appointment | null;
  decision: Decision | null;
}
export interface DayRoute {
  id: Uuid;
  plan_id: Uuid;
  version: number;
  distance_m: number;
  walk_s: number;
  geometry: GeoJSON.LineString | GeoJSON.MultiLineString | null;
}
export interface PatrolSession {
  id: Uuid;
  state: "open" | "ended";
  started_at: Instant;
  ended_at: Instant | null;
}
export interface Today {
  date: Day;
  session: PatrolSession | null;
  route: DayRoute | null;
  stops: Stop[];
  cases: FieldCase[];
}
export interface WeekDay {
  date: Day;
  shifts: TimeWindow[];
  stops: Stop[];
  walk_s: number;
  distance_m: number;
}
export interface FieldWeek {
  week_start: Day;
  plan: { id: Uuid; state: PlanState; version: number } | null;
  days: WeekDay[];
  unserved: { place: PlaceRef | null; reason: Localised }[];
}
export type OperationKind =
  "report_case" | "case_action" | "record_visit" | "skip_stop" | "start_session" | "end_session";
export interface OperationIn {
  op_id: Uuid;
  kind: OperationKind;
  captured_at: Instant;
  payload: Record<string, unknown>;
}
export interface OperationReceipt {
  op_id: Uuid;
  outcome: "applied" | "refused" | "retry";
  problem?: Record<string, unknown> | null;
  result?: unknown;
}
export type VisitOutcome = "done" | "nobody_home" | "refused" | "moved" | "other";
export interface PositionIn extends LonLat {
  seq: number;
  at: Instant;
  crs: Crs;
  accuracy_m: number | null;
  speed_mps?: number | null;
  bearing_deg?: number | null;
  battery?: number | null;
}
export interface PositionReceipt {
  accepted: number;
  duplicates: number;
  rejected: { seq: number; code: string; detail: string }[];
  visited: Uuid[];
}
export interface SessionSummary {
  distance_m: number;
  duration_s: number;
  points: number;
  visited: Uuid[];
  track: GeoJSON.MultiLineString | null;
}
export interface FieldChange {
  kind: string;
  id: Uuid;
  op: "upsert" | "remove";
}
export interface FieldChanges {
  changes: FieldChange[];
  cursor: string;
  more: boolean;
}

/* console */
export interface Summary {
  open: number;
  overdue: number;
  by_state: Partial<Record<CaseState, number>>;
  by_lamp: Partial<Record<Lamp, number>>;
  stops_today: { planned: number; done: number };
  workers_live: number;
}
export interface CaseRow {
  id: Uuid;
  number: string;
  matter: MatterRef;
  state: CaseState;
  stage: Stage;
  lamp: Lamp | null;
  due_at: Instant | null;
  reported_at: Instant;
  grid: GridRef | null;
  responsible: { id: Uuid; name: string } | null;
  department: { id: Uuid; name: Localised } | null;
  location: LonLat;
  description: string;
  address: string;
  version: number;
}
export interface CasePage extends Page<CaseRow> {
  count?: number;
}
export interface ConsoleAction {
  action: CaseAction;
  needs: ("note" | "worker" | "department" | "matter" | "ground" | "assignee")[];
  disabled_reason?: string | null;
}
export interface WorkerCandidate {
  id: Uuid;
  name: string;
  post: string;
  grid: GridRef | null;
  open_cases: number;
  on_duty?: boolean;
}
export interface DepartmentCandidate {
  id: Uuid;
  name: Localised;
  open_cases: number;
}
export interface CaseDetail extends CaseRow {
  condition: MatterCondition | null;
  channel: string;
  filed_at: Instant | null;
  dispatched_at: Instant | null;
  handled_at: Instant | null;
  closed_at: Instant | null;
  limit: { amount: number; unit: LimitUnit } | null;
  rework_count: number;
  events: CaseEvent[];
  decision: DecisionDetail | null;
  actions: ConsoleAction[];
  candidates: { workers: WorkerCandidate[]; departments: DepartmentCandidate[] };
  photos: CasePhoto[];
  contact: { name: string; phone: string } | null;
  appointment: Appointment | null;
  rating: Rating | null;
}
export interface DecisionDetail extends Decision {
  at?: Instant;
  border_m?: number | null;
  candidates?: { code: string; name: string; share?: number | null; distance_m?: number | null }[];
  duty_chain?: string[];
}
export interface LivePosition extends LonLat {
  at: Instant;
  accuracy_m: number | null;
  battery: number | null;
}
export interface WorkerRow {
  id: Uuid;
  name: string;
  grid: GridRef | null;
  post: string;
  live: LivePosition | null;
  session: { id: Uuid; started_at: Instant } | null;
}
export type PlanState = "planning" | "draft" | "published" | "superseded" | "failed";
export interface PlanFigures {
  stops?: number;
  walk_s?: number;
  distance_m?: number;
  dwell_s?: number;
  wait_s?: number;
  unserved?: number;
  [figure: string]: number | undefined;
}
export interface PlanRow {
  id: Uuid;
  grid: GridRef;
  week_start: Day;
  version: number;
  state: PlanState;
  created_at: Instant;
  published_at: Instant | null;
  stops: number;
  unserved: number;
  walk_s: number;
  distance_m: number;
  cost?: PlanFigures;
  error?: string;
}
export interface PlannedStop {
  id: Uuid;
  seq: number;
  kind: StopKind;
  place: PlaceRef | null;
  location: LonLat;
  arrive_at: Instant;
  start_at: Instant;
  leave_at: Instant;
  window: TimeWindow | null;
  state: StopState;
  reason: Localised;
  targets: StopTarget[];
  case_id: Uuid | null;
}
export interface PlannedRoute {
  id: Uuid;
  worker: { id: Uuid; name: string };
  day: Day;
  shift: TimeWindow;
  walk_s: number;
  distance_m: number;
  geometry: GeoJSON.LineString | GeoJSON.MultiLineString | null;
  stops: PlannedStop[];
}
export interface PlanDetail extends PlanRow {
  routes: PlannedRoute[];
  unserved_items: { place: PlaceRef | null; reason: Localised }[];
}
export interface PlanJob {
  id: Uuid;
  state: "running" | "done" | "failed";
  total: number;
  done: number;
  failed: number;
  errors: { grid: GridRef; error: string }[];
}
export interface TrackComparison {
  walked: GeoJSON.FeatureCollection;
  planned: GeoJSON.FeatureCollection;
  figures: {
    walked_m: number;
    planned_m: number;
    duration_s: number;
    points: number;
    stops_planned: number;
    stops_visited: number;
  };
  stops: { id: Uuid; seq: number; name: string; location: LonLat; state: StopState; arrive_at: Instant }[];
}
export interface LiveTicket {
  ticket: string;
  url: string;
  expires_in: number;
}
