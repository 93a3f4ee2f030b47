/** Writes small PDFs: text at places, lines and images, with the standard fonts or one whose codes are Unicode. */

export interface TinyPage {
  width?: number
  height?: number
  rotate?: number
  content: string
  images?: TinyImage[]
}

export interface TinyImage {
  width: number
  height: number
  /** RGB. */
  data: Uint8Array
}

const FONTS = { sans: 'Helvetica', bold: 'Helvetica-Bold', italic: 'Helvetica-Oblique', mono: 'Courier' }
export type FontName = keyof typeof FONTS | 'unicode'

/** Its baseline begins at x from the left, y from the bottom. */
export function text(x: number, y: number, size: number, words: string, font: FontName = 'sans'): string {
  return `BT /${font} ${size} Tf 1 0 0 1 ${x} ${y} Tm ${shown(words, font)} Tj ET\n`
}

/** Lines below each other. */
export function lines(x: number, y: number, size: number, rows: readonly string[], font?: FontName): string {
  return rows.map((row, i) => text(x, y - i * size * 1.2, size, row, font)).join('')
}

export function line(x0: number, y0: number, x1: number, y1: number): string {
  return `0.5 w ${x0} ${y0} m ${x1} ${y1} l S\n`
}

/** The page's image of that number. */
export function image(number: number, x: number, y: number, width: number, height: number): string {
  return `q ${width} 0 0 ${height} ${x} ${y} cm /Im${number} Do Q\n`
}

/** Artifacts are what is marked as no part of the text. */
export function artifact(content: string): string {
  return `/Artifact << /Type /Pagination >> BDC\n${content}EMC\n`
}

function shown(words: string, font: FontName): string {
  if (font !== 'unicode') return `(${words.replace(/[\\()]/g, '\\$&')})`
  return `<${Buffer.from(words, 'utf16le').swap16().toString('hex')}>`
}

/** Each code stands for itself; a range may not go over a first byte (ISO 32000-2, 9.10.3), nor a list of them over 100. */
const TO_UNICODE = [
  '/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /All def',
  '1 begincodespacerange <0000> <FFFF> endcodespacerange',
  ...[0, 64, 128, 192].map((from) => {
    const bytes = Array.from({ length: 64 }, (_, i) => (from + i).toString(16).padStart(2, '0'))
    return `64 beginbfrange ${bytes.map((b) => `<${b}00> <${b}ff> <${b}00>`).join('\n')} endbfrange`
  }),
  'endcmap end end',
].join('\n')

export function tinyPdf(pages: readonly TinyPage[]): Uint8Array {
  const objects: Buffer[] = []
  const add = (body: string | Buffer) => objects.push(Buffer.from(body))
  const stream = (dictionary: string, data: Buffer) =>
    add(
      Buffer.concat([
        Buffer.from(`<< ${dictionary} /Length ${data.length} >> stream\n`),
        data,
        Buffer.from('\nendstream'),
      ]),
    )
  add('<< /Type /Catalog /Pages 2 0 R >>')
  objects.push(Buffer.alloc(0))
  const fonts = Object.entries(FONTS).map(
    ([name, base]) =>
      `/${name} ${add(`<< /Type /Font /Subtype /Type1 /BaseFont /${base} /Encoding /WinAnsiEncoding >>`)} 0 R`,
  )
  const map = stream('', Buffer.from(TO_UNICODE))
  const descendant = add(
    '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Any /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 500 /FontDescriptor << /Type /FontDescriptor /FontName /Any /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >> >>',
  )
  fonts.push(
    `/unicode ${add(`<< /Type /Font /Subtype /Type0 /BaseFont /Any /Encoding /Identity-H /DescendantFonts [${descendant} 0 R] /ToUnicode ${map} 0 R >>`)} 0 R`,
  )
  const kids = pages.map(({ width = 612, height = 792, rotate = 0, content, images = [] }) => {
    const named = images.map(
      (each, i) =>
        `/Im${i} ${stream(
          `/Type /XObject /Subtype /Image /Width ${each.width} /Height ${each.height} /ColorSpace /DeviceRGB /BitsPerComponent 8`,
          Buffer.from(each.data),
        )} 0 R`,
    )
    const contents = stream('', Buffer.from(content, 'latin1'))
    return add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] /Rotate ${rotate} /Contents ${contents} 0 R /Resources << /Font << ${fonts.join(' ')} >> /XObject << ${named.join(' ')} >> >> >>`,
    )
  })
  objects[1] = Buffer.from(
    `<< /Type /Pages /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] /Count ${kids.length} >>`,
  )
  return withXref(objects)
}

function withXref(objects: readonly Buffer[]): Uint8Array {
  const parts = [Buffer.from('%PDF-1.7\n')]
  let offset = parts[0]!.length
  const entries = objects.map((body, i) => {
    const object = Buffer.concat([Buffer.from(`${i + 1} 0 obj\n`), body, Buffer.from('\nendobj\n')])
    const at = offset
    offset += object.length
    parts.push(object)
    return `${String(at).padStart(10, '0')} 00000 n \n`
  })
  parts.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries.join('')}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${offset}\n%%EOF\n`,
    ),
  )
  return Uint8Array.from(Buffer.concat(parts))
}
