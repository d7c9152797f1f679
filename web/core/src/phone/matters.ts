type Text = Readonly<{ zh: string; en: string }>;

/** What a list of matters needs to be searched and chosen from. */
export interface MatterChoice {
  readonly id: string;
  readonly code: string;
  readonly slug: string;
  readonly name: Text;
  readonly category: Text;
}

/** What people report most; offered first, as far as the city's list has them. */
const COMMON_SLUGS = [
  "exposed_garbage",
  "overflowing_bin",
  "dirty_road",
  "bicycle_misparking",
  "road_damage",
  "fire_lane_blocked",
  "construction_nuisance",
  "commercial_noise",
  "illegal_small_ad",
  "piled_materials",
  "dog_keeping_violation",
  "road_flooding",
];
const COMMON_COUNT = 8;

/** The usual ones in their fixed order; the first of the list where the city has none of them. */
export function pickCommon<M extends MatterChoice>(matters: readonly M[]): readonly M[] {
  const bySlug = new Map(matters.map((matter) => [matter.slug, matter]));
  const usual = COMMON_SLUGS.flatMap((slug) => bySlug.get(slug) ?? []);
  return (usual.length > 0 ? usual : matters).slice(0, COMMON_COUNT);
}

/** Matters whose names or category contain every word, in either language; names before categories. */
export function findMatters<M extends MatterChoice>(matters: readonly M[], words: string): readonly M[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const nameOf = (matter: M): string => `${matter.name.zh} ${matter.name.en}`.toLowerCase();
  const allOf = (matter: M): string =>
    `${nameOf(matter)} ${matter.category.zh} ${matter.category.en}`.toLowerCase();
  const hits = matters.filter((matter) => wanted.every((word) => allOf(matter).includes(word)));
  const byName = (matter: M): number => (wanted.every((word) => nameOf(matter).includes(word)) ? 0 : 1);
  return [...hits].sort((a, b) => byName(a) - byName(b));
}

export interface MatterGroup<M extends MatterChoice> {
  name: Text;
  items: readonly M[];
}

/** Categories in the order of the list. */
export function groupByCategory<M extends MatterChoice>(matters: readonly M[]): readonly MatterGroup<M>[] {
  const groups = new Map<string, { name: Text; items: M[] }>();
  for (const matter of matters) {
    const group = groups.get(matter.category.zh) ?? { name: matter.category, items: [] };
    group.items.push(matter);
    groups.set(matter.category.zh, group);
  }
  return [...groups.values()];
}

/** Sudden dangers (scheme yuncheng, category 05): call for help first. */
export function isUrgent(matter: Pick<MatterChoice, "code">): boolean {
  return /(^|:)event:05:/.test(matter.code);
}
