/** Long edge after compression in pixels, and JPEG quality: about 300 kB for a phone photo, text still readable. */
export const LONG_EDGE_PX = 1920;
export const JPEG_QUALITY = 0.8;

export type Photo = Readonly<{ blob: Blob; widthPx: number; heightPx: number }>;

/** The file is no picture this browser can open. */
export class NotAPicture extends Error {
  constructor(readonly fileName: string) {
    super(`cannot read ${fileName}`);
    this.name = "NotAPicture";
  }
}

/** Size that fits into a square of `longEdgePx` at the same shape; a small picture is never enlarged. */
export function fitInside(
  size: Readonly<{ widthPx: number; heightPx: number }>,
  longEdgePx: number = LONG_EDGE_PX,
): Readonly<{ widthPx: number; heightPx: number }> {
  const scale = Math.min(1, longEdgePx / Math.max(size.widthPx, size.heightPx));
  return {
    widthPx: Math.max(1, Math.round(size.widthPx * scale)),
    heightPx: Math.max(1, Math.round(size.heightPx * scale)),
  };
}

/**
 * Make a picture small enough for a weak signal, on the device. Drawing it anew also drops its metadata (place,
 * camera, owner). Raises `NotAPicture`.
 */
export async function compressPhoto(file: Blob & { name?: string }): Promise<Photo> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => {
    throw new NotAPicture(file.name ?? "");
  });
  try {
    const { widthPx, heightPx } = fitInside({ widthPx: bitmap.width, heightPx: bitmap.height });
    const canvas = document.createElement("canvas");
    canvas.width = widthPx;
    canvas.height = heightPx;
    const context = canvas.getContext("2d");
    if (context === null) throw new NotAPicture(file.name ?? "");
    context.drawImage(bitmap, 0, 0, widthPx, heightPx);
    const blob = await new Promise<Blob | null>((resolve) =>
      canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY),
    );
    if (blob === null) throw new NotAPicture(file.name ?? "");
    return { blob, widthPx, heightPx };
  } finally {
    bitmap.close();
  }
}
