import type { ProposalFigures } from "@gridward/core";

export type FigureKey =
  | "grids"
  | "households"
  | "householdsWorst"
  | "minutesWorst"
  | "cut"
  | "streetShare"
  | "compactness"
  | "compactnessLeast"
  | "buildingsCut"
  | "compoundsCut"
  | "keptShare";
export type Verdict = "better" | "worse" | "";

export interface FigureLine {
  key: FigureKey;
  before: string;
  after: string;
  verdict: Verdict;
}

interface Kind {
  key: FigureKey;
  /** null: this division has no such figure. */
  text: (of: ProposalFigures) => string | null;
  /** What is compared, the smaller the better; without it nothing is. */
  cost?: (of: ProposalFigures) => number | null;
}

const NONE = "—";
/** Differences below this are none for a person. */
const ALIKE = 0.005;

const share = (part: number) => `${(100 * part).toFixed(1)}%`;
const number = (value: number) => Math.round(value).toLocaleString("en");

/** Old and new side by side, in the order in which a person weighs them. */
export function figureLines(
  before: ProposalFigures | null,
  after: ProposalFigures,
  far: (metres: number) => string,
): FigureLine[] {
  const kinds: Kind[] = [
    { key: "grids", text: (of) => number(of.grids) },
    {
      key: "households",
      text: (of) => `${number(of.households_least)}–${number(of.households_most)}`,
    },
    { key: "householdsWorst", text: (of) => share(of.households_worst), cost: (of) => of.households_worst },
    {
      key: "minutesWorst",
      text: (of) => (of.minutes_worst === null ? null : share(of.minutes_worst)),
      cost: (of) => of.minutes_worst,
    },
    { key: "cut", text: (of) => far(of.cut_m) },
    { key: "streetShare", text: (of) => share(of.street_share), cost: (of) => -of.street_share },
    {
      key: "compactness",
      text: (of) => of.compactness_mean.toFixed(2),
      cost: (of) => -of.compactness_mean,
    },
    {
      key: "compactnessLeast",
      text: (of) => of.compactness_least.toFixed(2),
      cost: (of) => -of.compactness_least,
    },
    { key: "buildingsCut", text: (of) => number(of.buildings_cut), cost: (of) => of.buildings_cut },
    {
      key: "compoundsCut",
      text: (of) => `${number(of.compounds_cut)} / ${number(of.compounds)}`,
      cost: (of) => of.compounds_cut,
    },
    { key: "keptShare", text: (of) => (of.kept_share === null ? null : share(of.kept_share)) },
  ];
  return kinds
    .map(({ key, text, cost }) => ({
      key,
      before: (before && text(before)) ?? NONE,
      after: text(after) ?? NONE,
      verdict: before && cost ? verdictOf(cost(before), cost(after)) : ("" as const),
    }))
    .filter((line) => line.before !== NONE || line.after !== NONE);
}

function verdictOf(before: number | null, after: number | null): Verdict {
  if (before === null || after === null || Math.abs(after - before) < ALIKE) return "";
  return after < before ? "better" : "worse";
}
