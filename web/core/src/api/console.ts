import { answered, type ApiClient } from "./client";
import { makeDirectoryApi } from "./directory";
import { makeDisputeApi } from "./disputes";
import { makeDivisionApi } from "./divisions";
import { makeLayerApi } from "./layers";
import { ApiError } from "./problem";
import { makeProductApi } from "./products";
import { makeProposalApi } from "./proposals";
import { makeRuleApi } from "./rules";
import type { components } from "./schema";
import type { Transport } from "./transport";
import type {
  CaseState,
  Day,
  DutySheet,
  DutyWish,
  IndicatorGroup,
  Lamp,
  PlanDetail,
  Replan,
  ReplanWish,
  TrackComparison,
  TrackVerdict,
  Uuid,
} from "./types";

const BASE = "/api/v1/console";

export type CaseOrder = "-reported_at" | "due_at";
export interface CaseFilter {
  /** Several states, or none for all that are open. */
  states: readonly CaseState[];
  lamp: Lamp | "";
  grid: string;
  matter: string;
  q: string;
  order: CaseOrder;
}
export type CaseStep = components["schemas"]["CaseStepInRequest"];
type CaseFeatures = GeoJSON.FeatureCollection<GeoJSON.Point>;

export type ConsoleApi = ReturnType<typeof makeConsoleApi>;

/** The command centre's calls, one function each. */
export function makeConsoleApi(client: ApiClient, transport: Transport) {
  const { call } = transport;
  return {
    ...makeDivisionApi(client),
    ...makeDirectoryApi(client),
    ...makeDisputeApi(client),
    ...makeLayerApi(transport),
    ...makeProductApi(transport),
    ...makeProposalApi(client),
    ...makeRuleApi(client),
    session: () => answered(client.GET("/api/v1/auth/session")),
    signIn: (body: { username: string; password: string }) =>
      answered(client.POST("/api/v1/auth/session", { body })),
    signOut: () => answered(client.DELETE("/api/v1/auth/session")),

    summary: () => answered(client.GET("/api/v1/console/summary")),
    cases: (filter: CaseFilter, cursor?: string | null, signal?: AbortSignal) =>
      answered(
        client.GET("/api/v1/console/cases", {
          params: { query: { ...asked(filter), order: filter.order, ...(cursor ? { cursor } : {}) } },
          ...(signal ? { signal } : {}),
        }),
      ),
    caseDetail: (id: Uuid) =>
      answered(client.GET("/api/v1/console/cases/{case_id}", { params: { path: { case_id: id } } })),
    actOnCase: (id: Uuid, body: CaseStep) =>
      answered(
        client.POST("/api/v1/console/cases/{case_id}/actions", { params: { path: { case_id: id } }, body }),
      ),
    correctCase: (id: Uuid, body: components["schemas"]["CorrectionInRequest"]) =>
      answered(
        client.POST("/api/v1/console/cases/{case_id}/correct", { params: { path: { case_id: id } }, body }),
      ),
    locate: (at: { lon: number; lat: number }) =>
      answered(client.GET("/api/v1/locate", { params: { query: { ...at, crs: "wgs84" } } })),
    revealContact: (id: Uuid, reason: string) =>
      answered(
        client.POST("/api/v1/console/cases/{case_id}/reveal", {
          params: { path: { case_id: id } },
          body: { reason },
        }),
      ),
    caseFeatures: (filter: CaseFilter, signal?: AbortSignal) =>
      call<CaseFeatures>("GET", `${BASE}/cases.geojson`, {
        query: asked(filter),
        ...(signal ? { signal } : {}),
      }),

    areas: () => answered(client.GET("/api/v1/console/areas")),
    /** All grids of the person's areas with their outlines, page after page. */
    async gridFeatures(): Promise<GeoJSON.Feature[]> {
      const features: GeoJSON.Feature[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const page: GridPage = await answered(
          client.GET("/api/v1/console/grids", { params: { query: { cursor, limit: 200 } } }),
        );
        features.push(...(page.features as GeoJSON.Feature[]));
        cursor = page.next;
      }
      return features;
    },
    grid: (code: string) =>
      answered(client.GET("/api/v1/console/grids/{code}", { params: { path: { code } } })),
    workers: () => answered(client.GET("/api/v1/console/workers")),
    matters: () => answered(client.GET("/api/v1/console/matters")),

    plans: (week: Day) => answered(client.GET("/api/v1/console/plans", { params: { query: { week } } })),
    planWeek: (week_start: Day, grids?: readonly string[]) =>
      answered(
        client.POST("/api/v1/console/plans", {
          body: { week_start, ...(grids ? { grids: [...grids] } : {}) },
        }),
      ),
    planJob: (id: Uuid) =>
      answered(client.GET("/api/v1/console/jobs/{job_id}", { params: { path: { job_id: id } } })),
    async plan(id: Uuid): Promise<PlanDetail> {
      const path = { plan_id: id };
      return (await answered(
        client.GET("/api/v1/console/plans/{plan_id}", { params: { path } }),
      )) as PlanDetail;
    },
    publishPlan: (id: Uuid) =>
      answered(client.POST("/api/v1/console/plans/{plan_id}/publish", { params: { path: { plan_id: id } } })),
    /** What the plan in force would become after something came between; nothing changes by it. */
    async proposeReplan(plan: Uuid, body: ReplanWish): Promise<Replan> {
      const path = { plan_id: plan };
      return (await answered(
        client.POST("/api/v1/console/plans/{plan_id}/replans", { params: { path }, body }),
      )) as Replan;
    },
    async acceptReplan(id: Uuid): Promise<Replan> {
      const path = { replan_id: id };
      return (await answered(
        client.POST("/api/v1/console/replans/{replan_id}/accept", { params: { path } }),
      )) as Replan;
    },
    /** Planned routes of a day: lines, and points for the stops. */
    routes: (day: Day, grid: string) =>
      call<GeoJSON.FeatureCollection>("GET", `${BASE}/routes`, { query: { day, grid } }),
    /** Places that nobody looked at for so many days; all grids without one. */
    unseen: (unseen_days: number, grid: string) =>
      answered(client.GET("/api/v1/console/coverage", { params: { query: { unseen_days, grid } } })),
    async tracks(worker: Uuid, date: Day): Promise<TrackComparison> {
      const query = { worker, date };
      return (await answered(client.GET("/api/v1/console/tracks", { params: { query } }))) as TrackComparison;
    },

    /** What somebody says who looked at a flagged day; the worker reads it. */
    lookAtTrack: (worker: Uuid, date: Day, verdict: TrackVerdict, note: string) =>
      answered(client.POST("/api/v1/console/tracks/look", { body: { worker, date, verdict, note } })),

    dutyCalendar: (community: string, start: Day, days: number) =>
      answered(
        client.GET("/api/v1/console/duty/calendar", { params: { query: { community, start, days } } }),
      ),
    dutyState: () => answered(client.GET("/api/v1/console/duty/state")),
    dutyPreview: (body: DutyWish) => answered(client.POST("/api/v1/console/duty/preview", { body })),
    dutyChange: (body: DutyWish & { version: string }) =>
      answered(client.POST("/api/v1/console/duty/changes", { body })),
    dutySheetAddress: (community: string) => `${BASE}/duty/sheet?community=${encodeURIComponent(community)}`,
    /** Checks a workbook; with the version of its check it comes into force. */
    dutySheet(file: File, version: string): Promise<DutySheet> {
      const body = new FormData();
      body.append("file", file);
      if (version) body.append("version", version);
      return call<DutySheet>("POST", `${BASE}/duty/sheet`, { body, timeoutMs: 60_000 });
    },

    /** Indicators of the days `since` to `until`, as a whole ("") or by group; of all one's areas or of one. */
    indicators: (
      since: Day,
      until: Day,
      group: IndicatorGroup | "",
      area = "",
      boundaries: "then" | "today" = "then",
    ) =>
      answered(
        client.GET("/api/v1/console/indicators", {
          params: { query: { since, until, group, area, boundaries } },
        }),
      ),

    notices: () => answered(client.GET("/api/v1/notices")),
    readNotices: (ids: readonly Uuid[]) =>
      answered(client.POST("/api/v1/notices/read", { body: { ids: [...ids] } })),

    liveTicket: () => answered(client.POST("/api/v1/live/ticket")),
  };
}

type GridPage = components["schemas"]["GridCollection"];

function asked(filter: CaseFilter) {
  return {
    state: filter.states.length > 0 ? filter.states.join(",") : "open",
    ...(filter.lamp ? { lamp: filter.lamp } : {}),
    ...(filter.grid ? { grid: filter.grid } : {}),
    ...(filter.matter ? { matter: filter.matter } : {}),
    ...(filter.q ? { q: filter.q } : {}),
  };
}

/** The case has moved on since it was read: its present state has to be looked at first. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}
