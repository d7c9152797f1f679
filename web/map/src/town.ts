/** Where a map of this installation starts, and whose data it shows. */
export interface TownView {
  center: [lon: number, lat: number];
  attribution: string;
}

/** 凤山街道, where the demo town lies: what a map shows before the server has said where its data is. */
const DEFAULT_VIEW: TownView = { center: [121.17, 30.05], attribution: "" };

let known: Promise<TownView> | null = null;

/** Start of the map by the description of our base tiles; asked once. Without an answer the default, asked again later. */
export function townView(
  get: typeof fetch = (input, init) => globalThis.fetch(input, init),
): Promise<TownView> {
  known ??= get("/tiles/base/tile.json")
    .then(async (response) => readView((await response.json()) as unknown))
    .catch(() => {
      known = null;
      return DEFAULT_VIEW;
    });
  return known;
}

/** Reads TileJSON: `center`, else the middle of `bounds`, else the default. */
export function readView(tileJson: unknown): TownView {
  if (typeof tileJson !== "object" || tileJson === null) return DEFAULT_VIEW;
  const { center, bounds, attribution } = tileJson as Record<string, unknown>;
  const [west, south, east, north] = numbers(bounds);
  const [lon, lat] = numbers(center);
  const text = typeof attribution === "string" ? attribution : "";
  if (lon !== undefined && lat !== undefined) return { center: [lon, lat], attribution: text };
  if (west === undefined || south === undefined || east === undefined || north === undefined) {
    return { ...DEFAULT_VIEW, attribution: text };
  }
  return { center: [(west + east) / 2, (south + north) / 2], attribution: text };
}

function numbers(value: unknown): (number | undefined)[] {
  return Array.isArray(value) ? value.map((one) => (Number.isFinite(one) ? Number(one) : undefined)) : [];
}
