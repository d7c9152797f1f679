import type { Transport } from "./transport";
import type {
  Actor,
  AreaRef,
  CaseAction,
  CaseDetail,
  CasePage,
  CaseState,
  Contact,
  Day,
  Lamp,
  LiveTicket,
  MatterRef,
  Page,
  PlanDetail,
  PlanJob,
  PlanRow,
  Summary,
  TrackComparison,
  Uuid,
  WorkerRow,
} from "./types";

const BASE = "/api/v1/console";

export interface CaseFilter {
  state?: readonly CaseState[];
  lamp?: readonly Lamp[];
  grid?: string;
  matter?: string;
  q?: string;
  order?: string;
}
export interface ConsoleActionIn {
  op_id: Uuid;
  action: CaseAction;
  version: number;
  note?: string;
  worker_id?: Uuid;
  department_id?: Uuid;
  matter?: Uuid;
  ground?: string;
}
export interface AreaNode extends AreaRef {
  name_en?: string;
  children?: AreaNode[];
}

export type ConsoleApi = ReturnType<typeof makeConsoleApi>;

/** The command centre's calls, one function each. */
export function makeConsoleApi({ call }: Transport) {
  return {
    session: () => call<{ actor: Actor | null }>("GET", "/api/v1/auth/session"),
    signIn: (body: { username: string; password: string }) =>
      call<{ actor: Actor }>("POST", "/api/v1/auth/session", { body }),
    signOut: () => call<undefined>("DELETE", "/api/v1/auth/session"),

    summary: (signal?: AbortSignal) => call<Summary>("GET", `${BASE}/summary`, signal ? { signal } : {}),
    cases: (filter: CaseFilter, cursor?: string | null, signal?: AbortSignal) =>
      call<CasePage>("GET", `${BASE}/cases`, {
        query: { ...filter, cursor },
        ...(signal ? { signal } : {}),
      }),
    caseDetail: (id: Uuid) => call<CaseDetail>("GET", `${BASE}/cases/${id}`),
    actOnCase: (id: Uuid, body: ConsoleActionIn) =>
      call<CaseDetail>("POST", `${BASE}/cases/${id}/actions`, { body }),
    revealContact: (id: Uuid, reason: string) =>
      call<Contact>("POST", `${BASE}/cases/${id}/reveal`, { body: { reason } }),
    caseFeatures: (filter: CaseFilter, signal?: AbortSignal) =>
      call<GeoJSON.FeatureCollection<GeoJSON.Point>>("GET", `${BASE}/cases.geojson`, {
        query: { ...filter },
        ...(signal ? { signal } : {}),
      }),

    areas: () => call<AreaNode | { items: AreaNode[] }>("GET", `${BASE}/areas`),
    /** All grids of the person's areas with their outlines, page after page. */
    async gridFeatures(): Promise<GeoJSON.Feature[]> {
      const features: GeoJSON.Feature[] = [];
      for (let page: string | null = `${BASE}/grids`; page;) {
        const answer: GridPage = await call<GridPage>("GET", page);
        features.push(...answer.features);
        page = answer.next ? pathOf(answer.next) : null;
      }
      return features;
    },
    grid: (id: string) => call<GeoJSON.Feature>("GET", `${BASE}/grids/${id}`),
    workers: () => call<{ items: WorkerRow[] }>("GET", `${BASE}/workers`),
    matters: () => call<{ items: MatterRef[] }>("GET", `${BASE}/matters`),
    search: (q: string) =>
      call<{ items: { kind: string; id: string; code?: string; title: string; subtitle?: string }[] }>(
        "GET",
        `${BASE}/search`,
        { query: { q } },
      ),

    plans: (week: Day, grid?: string, cursor?: string | null) =>
      call<Page<PlanRow>>("GET", `${BASE}/plans`, { query: { week, grid, cursor } }),
    planWeek: (week_start: Day, grids?: readonly string[]) =>
      call<{ job_id: Uuid }>("POST", `${BASE}/plans`, {
        body: grids ? { week_start, grids } : { week_start },
      }),
    planJob: (id: Uuid) => call<PlanJob>("GET", `${BASE}/jobs/${id}`),
    plan: (id: Uuid) => call<PlanDetail>("GET", `${BASE}/plans/${id}`),
    publishPlan: (id: Uuid) => call<PlanRow>("POST", `${BASE}/plans/${id}/publish`, { body: {} }),
    planMapUrl: (id: Uuid) => `${BASE}/plans/${id}/map.html`,
    routes: (query: { week?: Day; day?: Day; grid?: string }) =>
      call<GeoJSON.FeatureCollection>("GET", `${BASE}/routes`, { query }),
    tracks: (worker: Uuid, date: Day) =>
      call<TrackComparison>("GET", `${BASE}/tracks`, { query: { worker, date } }),

    liveTicket: () => call<LiveTicket>("POST", "/api/v1/live/ticket", { body: {} }),
  };
}

interface GridPage {
  features: GeoJSON.Feature[];
  next?: string | null;
}

/** Only the path of an address: a page further on is asked from where the first one came from. */
function pathOf(address: string): string {
  const url = new URL(address, globalThis.location.origin);
  return url.pathname + url.search;
}
