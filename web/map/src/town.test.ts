import { expect, it } from "vitest";

import { readView } from "./town";

it.each([
  [{ center: [121.2, 30.1, 14], bounds: [0, 0, 1, 1], attribution: "© town" }, [121.2, 30.1], "© town"],
  [{ bounds: [121, 30, 122, 31] }, [121.5, 30.5], ""],
  [{ center: ["x", 1] }, [121.17, 30.05], ""],
  [null, [121.17, 30.05], ""],
])("reads where the map starts from %j", (tileJson, center, attribution) => {
  expect(readView(tileJson)).toEqual({ center, attribution });
});
