"""Repaints one picture in a process of its own: `python painter.py PIXELS LONG_EDGE QUALITY < picture`.

It may fall over what it is fed; the limits below say when, and the web process lives on. Nothing of Django is loaded.
The answer is one line of JSON, and behind it the JPEG: only its pixels are kept.
"""

import io
import json
import resource
import sys

from PIL import Image, ImageOps, UnidentifiedImageError

MEMORY_BYTES = 700 << 20  # 40 megapixels of WebP take 650
CPU_S = 15
_FORMATS = ("JPEG", "PNG", "WEBP")


def repaint(content: bytes, *, pixels_most: int, long_edge_px: int, quality: int) -> tuple[dict[str, object], bytes]:
    """Width, height and the JPEG; or `reason` and nothing."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > pixels_most:
                return {"reason": "too_many_pixels"}, b""
            clean = _reduced(picture, long_edge_px)
    except Image.DecompressionBombError:
        return {"reason": "too_many_pixels"}, b""
    except MemoryError:
        return {"reason": "too_heavy"}, b""
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return {"reason": "not_a_picture"}, b""
    painted = io.BytesIO()
    clean.save(painted, "JPEG", quality=quality, optimize=False)
    return {"width": clean.width, "height": clean.height}, painted.getvalue()


def _reduced(picture: Image.Image, long_edge_px: int) -> Image.Image:
    """Made small first, then turned and converted: at full size there is never a second copy."""
    if picture.mode == "P":
        picture = ImageOps.exif_transpose(picture).convert("RGB")
    picture.thumbnail((long_edge_px, long_edge_px))  # a JPEG decodes straight to a smaller size
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    return clean


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    pixels_most, long_edge_px, quality = map(int, sys.argv[1:4])
    told, painted = repaint(
        sys.stdin.buffer.read(), pixels_most=pixels_most, long_edge_px=long_edge_px, quality=quality
    )
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + painted)


if __name__ == "__main__":
    main()
