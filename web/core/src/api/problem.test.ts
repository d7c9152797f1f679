import { describe, expect, it } from "vitest";

import { ApiError, fieldError, problemFrom, problemText } from "./problem";
import { queryString } from "./transport";

const words: Record<string, string> = {
  "shared.problem.slot_taken": "taken",
  "shared.problem.http_404": "not found",
  "shared.problem.http_500": "server",
  "shared.problem.unknown": "unknown",
};
const i18n = { t: (key: string) => words[key] ?? key, te: (key: string) => key in words };
const refused = (status: number, body: unknown) => new ApiError(problemFrom(status, body));

describe("problems", () => {
  it("take the code from the body, from the type, else from the status", () => {
    expect(refused(409, { code: "slot_taken" }).code).toBe("slot_taken");
    expect(refused(409, { type: "/problems/stale_version" }).code).toBe("stale_version");
    expect(refused(502, undefined).code).toBe("http_502");
  });

  it("speak by code, then by the server's detail, then by status", () => {
    expect(problemText(refused(409, { code: "slot_taken", detail: "x" }), i18n)).toBe("taken");
    expect(problemText(refused(422, { code: "new_code", detail: "say more" }), i18n)).toBe("say more");
    expect(problemText(refused(404, {}), i18n)).toBe("not found");
    expect(problemText(refused(503, "<html>"), i18n)).toBe("server");
    expect(problemText(new Error("bug"), i18n)).toBe("unknown");
  });

  it("find the refusal of one field, also of a part of it", () => {
    const { problem } = refused(422, {
      errors: [{ pointer: "#/location/lon", code: "out_of_range", detail: "…" }],
    });
    expect(fieldError(problem, "location")?.code).toBe("out_of_range");
    expect(fieldError(problem, "loc")).toBeUndefined();
  });
});

describe("queryString", () => {
  it("leaves empty values out and joins lists", () => {
    expect(queryString({ state: ["filed", "closed"], q: "", grid: null, page: 0 })).toBe(
      "?state=filed%2Cclosed&page=0",
    );
    expect(queryString({ state: [] })).toBe("");
    expect(queryString(undefined)).toBe("");
  });
});
