/** Coordinate systems to choose from: the common ones, and the zones of CGCS2000 by their central meridian. */
export const NAMED_SYSTEMS = ["wgs84", "cgcs2000", "gcj02", "bd09"] as const;

/** CGCS2000 3-degree zones without a number in front: EPSG 4534 (75°E) to 4554 (135°E). */
export const ZONES: readonly { crs: string; degrees: number }[] = Array.from({ length: 21 }, (_, n) => ({
  crs: `EPSG:${4534 + n}`,
  degrees: 75 + 3 * n,
}));

/** What may be written in: degrees, or a zone. */
export const WRITABLE_SYSTEMS = ["wgs84", "cgcs2000"] as const;

/** `code=DM,name=MC`, with an empty right side for what nothing is to be read from. */
export function mappingText(meanings: readonly string[], chosen: Readonly<Record<string, string>>): string {
  const fields = new Map(Object.entries(chosen).map(([field, meaning]) => [meaning, field]));
  return meanings.map((meaning) => `${meaning}=${fields.get(meaning) ?? ""}`).join(",");
}
