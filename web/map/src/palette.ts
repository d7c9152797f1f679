import type { Lamp } from "@gridward/core";

export type Theme = "light" | "dark";

/** Colours of the base map and of what lies on it. The base stays pale, so that colour means work, not ground. */
export interface Palette {
  land: string;
  park: string;
  field: string;
  built: string;
  works: string;
  institution: string;
  water: string;
  waterLine: string;
  building: string;
  buildingLine: string;
  road: string;
  roadMain: string;
  roadCase: string;
  path: string;
  text: string;
  textSoft: string;
  textWater: string;
  halo: string;
  grid: string;
  gridSelected: string;
  gridText: string;
  planned: string;
  walked: string;
  stop: string;
  stopText: string;
  worker: string;
  workerOld: string;
}

export const PALETTES: Readonly<Record<Theme, Palette>> = {
  light: {
    land: "#f5f4f0",
    park: "#e1ebd8",
    field: "#edefdf",
    built: "#f1efea",
    works: "#ebe6dd",
    institution: "#ede9ee",
    water: "#c6dbe9",
    waterLine: "#b3cee0",
    building: "#e3e0d9",
    buildingLine: "#d3cfc6",
    road: "#ffffff",
    roadMain: "#fffaf0",
    roadCase: "#d5d1c8",
    path: "#cfc6b6",
    text: "#4b5563",
    textSoft: "#7b8390",
    textWater: "#5d8199",
    halo: "#fbfaf7",
    grid: "#5b7a99",
    gridSelected: "#1f5fae",
    gridText: "#3d5a78",
    planned: "#5b4bc4",
    walked: "#0f8a7e",
    stop: "#ffffff",
    stopText: "#3b2f96",
    worker: "#0f766e",
    workerOld: "#8a929c",
  },
  dark: {
    land: "#151b23",
    park: "#18261f",
    field: "#1a2420",
    built: "#181f28",
    works: "#1f2228",
    institution: "#1d202b",
    water: "#12283a",
    waterLine: "#1a3850",
    building: "#222a35",
    buildingLine: "#2c3642",
    road: "#2b3440",
    roadMain: "#364150",
    roadCase: "#10151b",
    path: "#36404c",
    text: "#a9b4c2",
    textSoft: "#7d8896",
    textWater: "#5b8cab",
    halo: "#10151c",
    grid: "#5f86ad",
    gridSelected: "#6db0ff",
    gridText: "#9dbbd9",
    planned: "#a79bff",
    walked: "#3fd0bf",
    stop: "#1a212b",
    stopText: "#cfc8ff",
    worker: "#35c2b2",
    workerOld: "#6c7683",
  },
};

/** The shape says the lamp too, so that it can be read without colour. */
export type LampShape = "circle" | "square" | "diamond" | "triangle" | "ring";

export const LAMP_SHAPES: Readonly<Record<Lamp | "none", LampShape>> = {
  green: "circle",
  yellow: "square",
  orange: "diamond",
  red: "triangle",
  none: "ring",
};

export const LAMP_COLOURS: Readonly<Record<Theme, Readonly<Record<Lamp | "none", string>>>> = {
  light: { green: "#2e8b57", yellow: "#c79a00", orange: "#d9660b", red: "#c8281e", none: "#7b8390" },
  dark: { green: "#4cc38a", yellow: "#e6bf3c", orange: "#f59042", red: "#ff6257", none: "#8b95a3" },
};

/** Worst first: how a cluster of cases is coloured. */
export const LAMPS_BY_URGENCY: readonly (Lamp | "none")[] = ["red", "orange", "yellow", "green", "none"];
