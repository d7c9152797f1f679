import type { Map as GlMap } from "maplibre-gl";

import { LAMP_COLOURS, LAMP_SHAPES, type LampShape, PALETTES, type Theme } from "./palette";

const RATIO = 2;

/** Draws on a canvas of `size` CSS pixels and registers the picture under `name`, once per style. */
function register(
  map: GlMap,
  name: string,
  size: number,
  draw: (pen: CanvasRenderingContext2D) => void,
): void {
  if (map.hasImage(name)) return;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * RATIO;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(RATIO, RATIO);
  draw(pen);
  map.addImage(name, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: RATIO });
}

/** The outline of a lamp's shape in a square of `size`, centred. */
export function lampPath(shape: LampShape, size: number): Path2D {
  const path = new Path2D();
  const centre = size / 2;
  const radius = size * 0.36;
  if (shape === "circle" || shape === "ring") path.arc(centre, centre, radius, 0, Math.PI * 2);
  else if (shape === "square")
    path.roundRect(centre - radius * 0.9, centre - radius * 0.9, radius * 1.8, radius * 1.8, 2.5);
  else if (shape === "diamond") polygon(path, centre, centre, radius * 1.18, 4, -Math.PI / 2);
  else polygon(path, centre, centre + radius * 0.18, radius * 1.25, 3, -Math.PI / 2);
  return path;
}

function polygon(path: Path2D, x: number, y: number, radius: number, corners: number, start: number): void {
  for (let i = 0; i < corners; i++) {
    const angle = start + (i * 2 * Math.PI) / corners;
    const point: [number, number] = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    if (i === 0) path.moveTo(...point);
    else path.lineTo(...point);
  }
  path.closePath();
}

/** `lamp-green` … `lamp-none`: shape and colour together. */
export function registerLampIcons(map: GlMap, theme: Theme): void {
  const size = 22;
  for (const [lamp, shape] of Object.entries(LAMP_SHAPES) as [keyof typeof LAMP_SHAPES, LampShape][]) {
    register(map, `lamp-${lamp}`, size, (pen) => {
      const path = lampPath(shape, size);
      pen.lineJoin = "round";
      pen.strokeStyle = theme === "light" ? "#ffffff" : "#0d1218";
      pen.lineWidth = 4;
      pen.stroke(path);
      if (shape === "ring") {
        pen.fillStyle = PALETTES[theme].stop;
        pen.fill(path);
        pen.strokeStyle = LAMP_COLOURS[theme][lamp];
        pen.lineWidth = 2.2;
        pen.stroke(path);
        return;
      }
      pen.fillStyle = LAMP_COLOURS[theme][lamp];
      pen.fill(path);
    });
  }
}

/** `worker-live`, `worker-old`: a person; an old position is hollow. */
export function registerWorkerIcons(map: GlMap, theme: Theme): void {
  const colours = PALETTES[theme];
  for (const [name, colour, hollow] of [
    ["worker-live", colours.worker, false],
    ["worker-old", colours.workerOld, true],
  ] as const) {
    register(map, name, 26, (pen) => {
      pen.beginPath();
      pen.arc(13, 13, 10.5, 0, Math.PI * 2);
      pen.fillStyle = hollow ? colours.stop : colour;
      pen.fill();
      pen.lineWidth = 2;
      pen.strokeStyle = hollow ? colour : theme === "light" ? "#ffffff" : "#0d1218";
      pen.stroke();
      pen.fillStyle = hollow ? colour : theme === "light" ? "#ffffff" : "#0d1218";
      pen.beginPath();
      pen.arc(13, 10, 3.2, 0, Math.PI * 2);
      pen.fill();
      pen.beginPath();
      pen.arc(13, 19.6, 5.8, Math.PI * 1.12, Math.PI * 1.88);
      pen.closePath();
      pen.fill();
    });
  }
}

/** `arrow-planned`, `arrow-walked`: which way the line runs. */
export function registerArrowIcons(map: GlMap, theme: Theme): void {
  const colours = PALETTES[theme];
  for (const [name, colour] of [
    ["arrow-planned", colours.planned],
    ["arrow-walked", colours.walked],
  ] as const) {
    register(map, name, 12, (pen) => {
      pen.beginPath();
      pen.moveTo(3, 2);
      pen.lineTo(10, 6);
      pen.lineTo(3, 10);
      pen.lineTo(4.8, 6);
      pen.closePath();
      pen.lineJoin = "round";
      pen.lineWidth = 2;
      pen.strokeStyle = colours.halo;
      pen.stroke();
      pen.fillStyle = colour;
      pen.fill();
    });
  }
}
