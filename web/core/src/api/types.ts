/** What the server says, by the names that the screens use. The shapes are generated from its schema. */
import type { components } from "./schema";

export type Schemas = components["schemas"];

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
export type CaseAction = Schemas["CaseAction"];
export type LimitUnit = Schemas["UnitEnum"];
export type LocateKind = Schemas["LocateKind"];

export type Summary = Schemas["SummaryOut"];
export type CaseRow = Schemas["DeskCaseRow"];
export type CasePage = Schemas["CasePage"];
export type CaseDetail = Schemas["DeskCase"];
export type CaseEvent = Schemas["DeskEvent"];
export type CasePhoto = Schemas["DeskPhoto"];
export type Decision = Schemas["DeskDecision"];
export type EarlierDecision = Schemas["EarlierDecision"];
export type ConsoleAction = Schemas["DeskAction"];
export type Contact = Schemas["ContactOut"];
export type AssignCandidate = Schemas["AssignCandidateOut"];
export type NamedRef = Schemas["NamedRef"];
export type WorkerRow = Schemas["WorkerOut"];
export type AreaRow = Schemas["AreaOut"];
export type Corrected = Schemas["Corrected"];
export type MatterRow = Schemas["MatterRow"];
export type GridDetail = Schemas["GridDetail"];
export type IndicatorRow = Schemas["IndicatorRow"];
export type IndicatorGroup = "community" | "grid" | "matter" | "channel";
export type Notice = Schemas["NoticeOut"];
export type LiveTicket = Schemas["TicketOut"];

export type PlanState = Schemas["PlanState"];
export type PlanRow = Schemas["PlanLineOut"];
export type PlannedStop = Schemas["PlanStop"];
export type StopKind = PlannedStop["kind"];
export type StopState = PlannedStop["state"];
/** GeoJSON is a free object in the schema; what the server puts there is named here. */
export type PlannedRoute = Omit<Schemas["PlanRoute"], "path"> & { path: GeoJSON.MultiLineString | null };
export type PlanDetail = Omit<Schemas["PlanDetail"], "routes"> & { routes: PlannedRoute[] };
export type ReplanChange = Schemas["ReplanChange"];
export type ReplanDay = Omit<Schemas["ReplanDay"], "before_path" | "after_path"> & {
  before_path: GeoJSON.MultiLineString | null;
  after_path: GeoJSON.MultiLineString | null;
};
export type Replan = Omit<Schemas["ReplanOut"], "days"> & { days: ReplanDay[] };
/** What came between, as it is sent: what a kind does not need stays out. */
export type ReplanWish = Schemas["ReplanInRequest"];
export type PlanReader = Schemas["PlanReader"];
export type PlanJob = Schemas["JobOut"];
export type UnseenList = Schemas["CoverageOut"];
export type TrackComparison = Omit<Schemas["TrackOut"], "walked" | "planned"> & {
  walked: GeoJSON.MultiLineString | null;
  planned: GeoJSON.MultiLineString | null;
};

export type TrackLook = Schemas["TrackLookOut"];
export type TrackVerdict = TrackLook["verdict"];

export type DutyCalendar = Schemas["DutyCalendar"];
export type DutyRow = Schemas["CalendarRow"];
export type DutyDay = Schemas["DayCell"];
export type DutySpan = Schemas["DaySpan"];
export type ChainLine = Schemas["ChainLine"];
export type DutyChange = Schemas["DutyChangeOut"];
export type DutyState = Schemas["DutyState"];
export type DutyEffect = Schemas["DutyEffect"];
export type DutySheet = Schemas["DutySheetOut"];
/** A change of duty as it is sent: what a kind does not need stays out. */
export type DutyWish = Partial<Schemas["DutyWishInRequest"]> &
  Pick<Schemas["DutyWishInRequest"], "id" | "kind">;
export type DirectoryEntry = Schemas["DirectoryEntry"];
export type Directory = Schemas["DirectoryOut"];
export type DirectoryEffect = Schemas["DirectoryEffectOut"];
/** An entry of the departments' duty directory as it is to be. */
export type DirectoryWish = Partial<Schemas["EntryInRequest"]> &
  Pick<Schemas["EntryInRequest"], "department_id" | "area_code" | "person" | "phone" | "starts">;
/** A change of the directory: an addition names no version, an end no entry. */
export interface DirectoryChange {
  id: string;
  step: "added" | "changed" | "ended";
  version: number | null;
  entry: DirectoryWish | null;
}
export type DutyPolicy = Schemas["DutyPolicyOut"];
export type PublishedGrid = Omit<Schemas["PublishedGridOut"], "outline"> & { outline: GeoJSON.MultiPolygon };
