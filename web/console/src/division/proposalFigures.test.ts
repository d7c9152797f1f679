import type { ProposalFigures } from "@gridward/core";
import { describe, expect, it } from "vitest";

import { figureLines } from "./proposalFigures";

const TODAY: ProposalFigures = {
  grids: 7,
  households_worst: 0.266,
  households_least: 300,
  households_most: 1510,
  minutes_worst: 0.38,
  cut_m: 2754,
  street_share: 0.98,
  compactness_mean: 0.66,
  compactness_least: 0.5,
  is_contiguous: true,
  buildings_cut: 0,
  compounds: 5,
  compounds_cut: 1,
  kept_share: null,
};
const far = (metres: number) => `${Math.round(metres)} m`;
const lineOf = (before: ProposalFigures | null, after: ProposalFigures, key: string) =>
  figureLines(before, after, far).find((line) => line.key === key);

describe("figureLines", () => {
  it("sets old and new side by side and says which is better", () => {
    const after = { ...TODAY, households_worst: 0.08, compactness_mean: 0.6, kept_share: 0.4 };
    expect(lineOf(TODAY, after, "householdsWorst")).toEqual({
      key: "householdsWorst",
      before: "26.6%",
      after: "8.0%",
      verdict: "better",
    });
    expect(lineOf(TODAY, after, "compactness")?.verdict).toBe("worse");
    expect(lineOf(TODAY, after, "streetShare")?.verdict).toBe("");
    expect(lineOf(TODAY, after, "households")?.after).toBe("300–1,510");
    expect(lineOf(TODAY, after, "keptShare")).toMatchObject({ before: "—", after: "40.0%" });
  });

  it("judges nothing without grids of today, and leaves out what neither has", () => {
    const lines = figureLines(null, { ...TODAY, minutes_worst: null }, far);
    expect(lines.map((line) => line.verdict)).toEqual(lines.map(() => ""));
    expect(lines.map((line) => line.key)).not.toContain("minutesWorst");
    expect(lines.map((line) => line.key)).not.toContain("keptShare");
  });

  it("does not call a longer border worse where the number of grids differs", () => {
    expect(lineOf(TODAY, { ...TODAY, grids: 9, cut_m: 4000 }, "cut")?.verdict).toBe("");
  });
});
