/** What a page's operators draw: the state that they change, and the text, lines and images that come of it. */
import { readable } from './characters.js'
import { fontOf, LetterWidths } from './fonts.js'
import { apply, IDENTITY, type Matrix, matrixOf, times } from './matrix.js'
import type { Font, Page, Picture, Pixels } from './page.js'
import { type Operators, rulesOfPath } from './paths.js'

export interface FontObject {
  name?: string
  fontMatrix?: ArrayLike<number>
  vertical?: boolean
  defaultVMetrics?: ArrayLike<number>
}

interface ShownGlyph {
  unicode?: string
  width?: number
  vmetric?: ArrayLike<number> | null
  isSpace?: boolean
}

interface State {
  ctm: Matrix
  font: FontObject
  face: Font
  size: number
  charSpacing: number
  wordSpacing: number
  scale: number
  rise: number
  leading: number
  /** From 0 to 1: of fills, and of the groups around them. */
  alpha: number
  groupAlpha: number
}

/** Watermarks and shadows are drawn fainter. */
const FAINTEST = 0.3

/** Forms may hold forms; none but an attack nests as deep. */
const DEEPEST = 500

export class Drawing {
  readonly #page: Page
  readonly #fontNamed: (name: string) => FontObject
  readonly #faces = new Map<string, Font>()
  readonly #stack: State[] = []
  #state: State
  #textMatrix: Matrix = IDENTITY
  #x = 0
  #y = 0
  #lineX = 0
  #lineY = 0
  readonly #marks: boolean[] = []
  readonly #letters = new LetterWidths()

  constructor(width: number, height: number, base: Matrix, fontNamed: (name: string) => FontObject) {
    this.#page = { width, height, glyphs: [], rules: [], pictures: [] }
    this.#fontNamed = fontNamed
    this.#state = {
      ctm: base,
      font: {},
      face: fontOf(''),
      size: 0,
      charSpacing: 0,
      wordSpacing: 0,
      scale: 1,
      rise: 0,
      leading: 0,
      alpha: 1,
      groupAlpha: 1,
    }
  }

  /** Once all of the page is drawn. */
  finish(): Page {
    this.#letters.markMono()
    return this.#page
  }

  save(): void {
    if (this.#stack.length < DEEPEST) this.#stack.push({ ...this.#state })
  }

  restore(): void {
    this.#state = this.#stack.pop() ?? this.#state
  }

  transform(matrix: ArrayLike<number> | null): void {
    const known = matrixOf(matrix)
    if (known) this.#state.ctm = times(this.#state.ctm, known)
  }

  set(change: Partial<Omit<State, 'ctm'>>): void {
    Object.assign(this.#state, change)
  }

  setGraphicsState(entries: readonly (readonly [string, unknown])[]): void {
    for (const [key, value] of entries)
      if (key === 'ca' && typeof value === 'number') this.set({ alpha: value })
  }

  beginGroup(): void {
    this.save()
    this.set({ groupAlpha: this.#state.groupAlpha * this.#state.alpha, alpha: 1 })
  }

  #isFaint(): boolean {
    return this.#state.alpha * this.#state.groupAlpha < FAINTEST
  }

  setFont(name: string, size: number): void {
    const font = this.#fontNamed(name)
    const face = this.#faces.get(name) ?? fontOf(font.name ?? '')
    this.#faces.set(name, face)
    this.set({ font, face, size })
  }

  beginText(matrix: ArrayLike<number> | null): void {
    this.#textMatrix = matrixOf(matrix) ?? IDENTITY
    this.#x = this.#y = this.#lineX = this.#lineY = 0
  }

  moveText(x: number, y: number): void {
    this.#x = this.#lineX += x
    this.#y = this.#lineY += y
  }

  nextLine(): void {
    this.moveText(0, this.#state.leading)
  }

  /** Marked content: `Artifact` is what belongs to the page. */
  mark(tag: unknown): void {
    const name = typeof tag === 'string' ? tag : (tag as { name?: string } | null)?.name
    this.#marks.push(name === 'Artifact' || this.#marks.at(-1) === true)
  }

  unmark(): void {
    this.#marks.pop()
  }

  show(glyphs: readonly (ShownGlyph | number | null)[]): void {
    const { font, size, charSpacing, wordSpacing, scale } = this.#state
    const unit = size * (matrixOf(font.fontMatrix)?.[0] ?? 0.001)
    const vertical = font.vertical === true
    for (const glyph of glyphs) {
      if (glyph === null) continue
      if (typeof glyph === 'number') {
        this.#advance(((vertical ? 1 : -1) * glyph * size) / 1000, vertical, scale)
        continue
      }
      const spacing = (glyph.isSpace ? wordSpacing : 0) + charSpacing
      const width = glyph.width ?? 0
      if (vertical) {
        const metrics = glyph.vmetric ?? font.defaultVMetrics
        const height = metrics ? -metrics[0]! : width
        this.#place(glyph, Math.abs(height * unit), true, width * unit)
        this.#advance(height * unit - spacing, true, scale)
      } else {
        this.#place(glyph, width * unit * scale, false, 0)
        this.#advance(width * unit + spacing, false, scale)
      }
    }
  }

  #advance(by: number, vertical: boolean, scale: number): void {
    if (vertical) this.#y -= by
    else this.#x += by * scale
  }

  /** Slanted ones are left out: watermarks, and labels of axes that make no text. */
  #place(glyph: ShownGlyph, width: number, vertical: boolean, across: number): void {
    const text = readable(glyph.unicode ?? '')
    if (!text || this.#isFaint()) return
    const { ctm, size, rise, face } = this.#state
    const matrix = times(ctm, this.#textMatrix)
    const [left, base] = vertical
      ? [this.#x - across / 2, this.#y - Math.abs(size) * 0.88]
      : [this.#x, this.#y + rise]
    const [x, y] = apply(matrix, left, base)
    const along = directed(matrix, vertical ? [0, -1] : [1, 0], width)
    const height = directed(matrix, vertical ? [1, 0] : [0, 1], Math.abs(size)).length
    const quarter = Math.round(along.angle / 90)
    if (Math.abs(along.angle - quarter * 90) > 4 || !Number.isFinite(x + y + height) || height < 0.5) return
    this.#letters.add(face, text, glyph.width ?? 0)
    this.#page.glyphs.push({
      text,
      ...(vertical ? upright(apply(matrix, this.#x, this.#y), height) : { x, y }),
      width: along.length,
      size: height,
      font: face,
      turn: (((quarter % 4) + 4) % 4) * 90,
      artifact: this.#marks.at(-1) === true,
    })
  }

  picture(source: string | Pixels): void {
    if (this.#isFaint()) return
    const corners = [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ].map(([x, y]) => apply(this.#state.ctm, x!, y!))
    const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)]
    const box = { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) }
    if (Object.values(box).every(Number.isFinite))
      this.#page.pictures.push({ ...box, source } satisfies Picture)
  }

  path(operator: number, data: ArrayLike<number> | null | undefined, ops: Operators): void {
    if (data) this.#page.rules.push(...rulesOfPath(operator, data, this.#state.ctm, ops))
  }
}

/** Vertical writing stands centred on its line; as text turned by 90 degrees its baseline is left of that. */
function upright([x, y]: [number, number], height: number): { x: number; y: number } {
  return { x: x - height * 0.35, y }
}

function directed([a, b, c, d]: Matrix, [x, y]: [number, number], length: number) {
  const [dx, dy] = [a * x + c * y, b * x + d * y]
  return { angle: (Math.atan2(dy, dx) * 180) / Math.PI, length: Math.hypot(dx, dy) * length }
}
