import { describe, expect, it } from "vitest";

import { cellsOf, csvOf, percent } from "./table";

describe("percent", () => {
  it("keeps nothing apart from zero", () => {
    expect([percent(null), percent(undefined), percent(0), percent(0.625)]).toEqual([
      "—",
      "—",
      "0.0%",
      "62.5%",
    ]);
  });
});

describe("csvOf", () => {
  it("starts with a byte order mark and ends its lines as spreadsheets expect", () => {
    expect(csvOf(["区域", "上报"], [["姚林社区", "3"]])).toBe("\uFEFF区域,上报\r\n姚林社区,3\r\n");
  });
  it("lets no cell run as a formula", () => {
    const [, ...lines] = csvOf(["a"], [["=1+1"], ["+86"], ["-2"], ["@x"], ["\tx"], ["1-2"]]).split("\r\n");
    expect(lines.slice(0, 6)).toEqual(["'=1+1", "'+86", "'-2", "'@x", "'\tx", "1-2"]);
  });
  it("quotes what would break a line apart", () => {
    expect(csvOf(["a"], [['one, "two"']])).toContain('"one, ""two"""');
  });
});

it("shows a row in the order of the head", () => {
  const cells = cellsOf(
    { code: "1", name: { zh: "甲", en: "A" }, counts: { reported: 4 }, rates: { filing_rate: 0.5 } },
    "A",
  );
  expect(cells.slice(0, 3)).toEqual(["A", "4", "—"]);
  expect(cells[6]).toBe("50.0%");
});
