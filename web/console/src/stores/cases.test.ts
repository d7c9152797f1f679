import { ApiError, type CaseDetail, type CasePage, type CaseRow, problemFrom } from "@gridward/core";
import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { EVERYTHING_OPEN } from "../queue/filter";
import { useDetail } from "./detail";
import { useQueue } from "./queue";

const api = vi.hoisted(() => ({ cases: vi.fn(), caseDetail: vi.fn(), actOnCase: vi.fn() }));
vi.mock("../api", () => ({ api }));

const row = (id: string, version = 1): CaseRow => ({ id, version }) as CaseRow;
const detail = (id: string, version = 1): CaseDetail => ({ id, version }) as CaseDetail;
const page = (...items: CaseRow[]): CasePage => ({ items, next: null, total: items.length });
const refused = (status: number, code: string) => new ApiError(problemFrom(status, { code }));

beforeEach(() => {
  setActivePinia(createPinia());
  Object.values(api).forEach((call) => call.mockReset());
});

describe("the queue", () => {
  it("shows the answer to the newest question, whichever comes last", async () => {
    const queue = useQueue();
    let answerOld: (value: CasePage) => void = () => undefined;
    api.cases.mockImplementationOnce(
      (_filter: unknown, _cursor: unknown, signal: AbortSignal) =>
        new Promise<CasePage>((resolve, reject) => {
          answerOld = resolve;
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        }),
    );
    api.cases.mockResolvedValueOnce(page(row("new")));
    const old = queue.load(EVERYTHING_OPEN);
    await queue.load({ ...EVERYTHING_OPEN, q: "井盖" });
    answerOld(page(row("old")));
    await old;
    expect(queue.rows.items.map((one) => one.id)).toEqual(["new"]);
    expect(queue.error).toBeNull();
  });

  it("reads a shown row again in its place, and only counts a strange one", async () => {
    const queue = useQueue();
    api.cases.mockResolvedValueOnce(page(row("a"), row("b")));
    await queue.load(EVERYTHING_OPEN);
    api.caseDetail.mockResolvedValueOnce(detail("b", 2));
    await queue.touch("b");
    await queue.touch("c");
    expect(queue.rows.items.map((one) => one.version)).toEqual([1, 2]);
    expect(queue.rows.waiting).toEqual(["c"]);
    expect(api.caseDetail).toHaveBeenCalledTimes(1);
  });
});

describe("the open case", () => {
  it("throws away the answer for a case that was left meanwhile", async () => {
    const store = useDetail();
    let answer: (value: CaseDetail) => void = () => undefined;
    api.caseDetail.mockImplementationOnce(() => new Promise<CaseDetail>((resolve) => (answer = resolve)));
    api.caseDetail.mockResolvedValueOnce(detail("b"));
    const first = store.open("a");
    await store.open("b");
    answer(detail("a"));
    await first;
    expect(store.detail?.id).toBe("b");
  });

  it("sends the version that was looked at", async () => {
    const store = useDetail();
    api.caseDetail.mockResolvedValueOnce(detail("a", 4));
    await store.open("a");
    api.actOnCase.mockResolvedValueOnce(detail("a", 5));
    await store.act({ action: "file" });
    expect(api.actOnCase).toHaveBeenCalledWith("a", { action: "file", version: 4 });
    expect(store.detail?.version).toBe(5);
  });

  it("shows the present state when somebody was faster, and still says so", async () => {
    const store = useDetail();
    api.caseDetail.mockResolvedValueOnce(detail("a", 4));
    await store.open("a");
    api.actOnCase.mockRejectedValueOnce(refused(409, "stale_version"));
    api.caseDetail.mockResolvedValueOnce(detail("a", 6));
    await expect(store.act({ action: "file" })).rejects.toMatchObject({ code: "stale_version" });
    expect(store.detail?.version).toBe(6);
  });
});
