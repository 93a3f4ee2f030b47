/** What stands on a page: plain data in points, x to the right, y downwards from the top left. */

export interface Page {
  width: number
  height: number
  /** In the order in which they are drawn. */
  glyphs: Glyph[]
  /** Straight lines, horizontal and vertical. */
  rules: Rule[]
  pictures: Picture[]
}

export interface Glyph {
  /** One character or the few of a ligature; a blank is a glyph, too. */
  text: string
  x: number
  /** Of the baseline. */
  y: number
  width: number
  size: number
  font: Font
  /** Degrees clockwise by which it is turned: 0, 90, 180 or 270; vertical writing counts as 90. */
  turn: number
  /** The file says that it belongs to the page, not to the text: a header, a watermark. */
  artifact: boolean
}

export interface Font {
  name: string
  bold: boolean
  italic: boolean
  mono: boolean
}

/** `at` is the coordinate that does not change along it. */
export interface Rule {
  horizontal: boolean
  at: number
  from: number
  to: number
}

export interface Box {
  x0: number
  y0: number
  x1: number
  y1: number
}

export interface Picture extends Box {
  /** What pdf.js calls it, or the pixels themselves. */
  source: string | Pixels
}

/** As pdf.js decodes them: 1 is a bit a pixel, 2 RGB, 3 RGBA; 4 is ours, a bit a pixel where 0 is painted. */
export interface Pixels {
  width: number
  height: number
  kind: 1 | 2 | 3 | 4
  data: Uint8Array | Uint8ClampedArray
}
