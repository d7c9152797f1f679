import { describe, expect, it } from "vitest";

import { list, localised, number, object, optional, ShapeError, text, withDefault } from "./shape";

const answer = object({
  id: text,
  note: optional(text),
  stops: withDefault(list(object({ seq: number })), []),
});

describe("object", () => {
  it("keeps what it knows and ignores the rest", () => {
    expect(answer({ id: "a", note: null, stops: [{ seq: 1, extra: true }], more: 1 })).toEqual({
      id: "a",
      note: null,
      stops: [{ seq: 1 }],
    });
  });

  it("treats absent as null or as the default", () => {
    expect(answer({ id: "a" })).toEqual({ id: "a", note: null, stops: [] });
    expect(localised({ zh: "好" })).toEqual({ zh: "好", en: "" });
  });

  it.each([
    [{ id: 7 }, "id"],
    [{ id: "a", stops: [{ seq: 1 }, { seq: "2" }] }, "stops[1].seq"],
    [{ id: "a", stops: {} }, "stops"],
    [[], "answer"],
    [null, "answer"],
  ])("names the first wrong part of %j", (value, path) => {
    expect(() => answer(value)).toThrow(new RegExp(`^${path.replace(/[[\]]/g, "\\$&")}:`));
    expect(() => answer(value)).toThrow(ShapeError);
  });

  it("takes no NaN for a number", () => expect(() => number(Number.NaN)).toThrow("a number"));
});
