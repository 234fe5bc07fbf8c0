"""A drawing (SVG) as a picture at any resolution, without a browser."""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO

from xhcp_eval.chapters.kit.style import FONT_FAMILY, FONT_FILE, symbol_font_file
from xhcp_eval.errors import RunError

PRINT_DPI = 300
NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


@lru_cache(maxsize=512)  # the Word document and the folder of figures show the same
def svg_png(svg: str, dpi: int = PRINT_DPI) -> bytes:
    """A drawing as PNG on white, in 256 colours: drawings have few, and the file is a third as large.

    svg: <svg> element of a report, in points. dpi: dots an inch, written into the file as well. Only the packaged font and
    the one of the symbols are used, so that it looks the same on every system. Raises RunError for a drawing that is broken.
    """
    import resvg_py
    from PIL import Image

    size = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', svg)
    if size is None:
        raise RunError("报告中有一幅图不是完整的 SVG，不能转成图片")
    try:
        made = resvg_py.svg_to_bytes(
            svg_string=svg.replace("<svg", f"<svg {NAMESPACES}", 1),
            width=round(float(size[1]) * dpi / 72),
            height=round(float(size[2]) * dpi / 72),
            background="#ffffff",
            skip_system_fonts=True,
            font_family=FONT_FAMILY,
            font_files=[str(FONT_FILE), str(symbol_font_file())],
        )
    except ValueError as error:
        raise RunError("报告中有一幅图不是完整的 SVG，不能转成图片", [str(error)]) from error
    picture = Image.open(BytesIO(made)).convert("RGB")
    buffer = BytesIO()
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        buffer, "PNG", dpi=(dpi, dpi)
    )
    return buffer.getvalue()
