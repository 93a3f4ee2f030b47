/** What is no part of the text: what the file itself says is none, and pictures that decorate pages. */
import type { PagePicture, ReadPage } from './read-page.js'
import type { Segment } from './segments.js'

/** Unless most of the page is marked so: then the marks are wrong. A single page's header is read nowhere else. */
export function withoutArtifacts(segments: readonly Segment[], pages: number): Segment[] {
  if (pages === 1) return [...segments]
  const text = segments.filter(({ artifact }) => !artifact)
  return lettersOf(text) * 2 > lettersOf(segments) ? text : [...segments]
}

function lettersOf(segments: readonly Segment[]): number {
  return segments.reduce(
    (sum, { words }) => sum + words.reduce((letters, { text }) => letters + text.length, 0),
    0,
  )
}

/** Letters: a page with more is no scan without text. */
const SOME_TEXT = 200

/** Not logos that are on several pages, nor backgrounds and scans of pages whose text is there. */
export function worthShowing(pages: readonly ReadPage[]): Set<PagePicture> {
  const counts = new Map<string, Set<ReadPage>>()
  for (const page of pages)
    for (const { png } of page.pictures) counts.set(png.id, (counts.get(png.id) ?? new Set()).add(page))
  const shown = new Set<PagePicture>()
  for (const page of pages) {
    const hasText = lettersOf(page.segments) > SOME_TEXT
    for (const picture of page.pictures) {
      const { x0, y0, x1, y1, png } = picture
      const isBackground = (x1 - x0) * (y1 - y0) > 0.85 * page.width * page.height
      const repeats = counts.get(png.id)!.size >= (pages.length < 5 ? 2 : 3)
      if (!repeats && !(isBackground && hasText)) shown.add(picture)
    }
  }
  return shown
}
