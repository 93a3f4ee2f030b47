/** The Chinese documents keep step with the English ones: who changes one side is told of the other. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const PAIRS = [
  ['README.md', 'docs/zh/README.md'],
  ['docs/quick-start.md', 'docs/zh/quick-start.md'],
  ['docs/top-k.md', 'docs/zh/top-k.md'],
  ['docs/migration.md', 'docs/zh/migration.md'],
] as const

const textOf = (page: string) => readFileSync(join(root, page), 'utf8')
/** Blocks between fences or indented by four blanks; the drawing of the pipeline is words, not commands. */
const blocksIn = (text: string) =>
  [...text.matchAll(/^```.*\n[\s\S]*?^```$|(?:^ {4}.*\n)+/gm)]
    .map(([block]) => block.replace(/\s+#.*$/gm, '').trimEnd())
    .filter((block) => !block.includes('->'))
const proseOf = (text: string) => text.replace(/^```.*\n[\s\S]*?^```$/gm, '').replace(/^ {4}.*\n/gm, '')
const codeIn = (text: string) =>
  [...new Set([...proseOf(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code))].sort()
const headingsIn = (text: string) =>
  [...proseOf(text).matchAll(/^(#+) (.*)$/gm)].map(([, level, title]) => ({ level: level!, title: title! }))
const tablesIn = (text: string) =>
  [...text.matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) =>
    table
      .trimEnd()
      .split('\n')
      .map((row) => row.replace(/\]\([^)]*\)/g, ']')),
  )
const numbersIn = (text: string) => (text.match(/\d[\d,.]*\d|\d/g) ?? []).sort()
/** Files that a page links to, from the folder above all; what is read in Chinese where it is there counts as its English page. */
const linksIn = (page: string) =>
  [...textOf(page).matchAll(/\]\(([^)#]*)(#[^)]*)?\)/g)].map(([, path, anchor]) => ({
    path:
      path === '' ? page : /^https?:/.test(path!) ? path! : relative(root, join(root, dirname(page), path!)),
    anchor: anchor?.slice(1),
  }))
const english = (path: string) => PAIRS.find(([, chinese]) => chinese === path)?.[0] ?? path
/** The name that GitHub gives to a heading. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-')

describe.each(PAIRS)('%s and %s', (original, chinese) => {
  const [en, zh] = [textOf(original), textOf(chinese)]

  it('link to each other at the top', () => {
    const link = (from: string, to: string) => relative(join(root, dirname(from)), join(root, to))
    expect(en.split('\n')[0]).toBe(`English | [中文](${link(original, chinese)})`)
    expect(zh.split('\n')[0]).toBe(`[English](${link(chinese, original)}) | 中文`)
  })

  it('have the same commands, in the same order', () => {
    expect(blocksIn(zh)).toEqual(blocksIn(en))
    expect(blocksIn(en).length).toBeGreaterThan(3)
  })

  it('have the same headings, lists and tables, with the same numbers in each row', () => {
    expect(headingsIn(zh).map(({ level }) => level)).toEqual(headingsIn(en).map(({ level }) => level))
    const items = (text: string) => proseOf(text).match(/^(?:-|\d+\.) /gm)
    expect(items(zh)).toEqual(items(en))
    const numbers = (text: string) =>
      tablesIn(text).map((rows) => rows.map((row) => [row.split('|').length, numbersIn(row)]))
    expect(numbers(zh)).toEqual(numbers(en))
  })

  it('name the same flags, files, fields and messages', () => {
    expect(codeIn(zh)).toEqual(codeIn(en))
  })

  it('have the same numbers of two digits and more in the text', () => {
    const numbers = (text: string) =>
      numbersIn(
        proseOf(text)
          .replace(/\]\([^)]*\)/g, ']')
          .replace(/`[^`\n]*`/g, ''),
      ).filter((number) => number.length > 1)
    expect(numbers(zh)).toEqual(numbers(en))
  })

  it('link to the same files, and to headings that are there', () => {
    const files = (page: string) => [...new Set(linksIn(page).map(({ path }) => english(path)))].sort()
    expect(files(chinese)).toEqual(files(original))
    for (const page of [original, chinese]) {
      for (const { path, anchor } of linksIn(page)) {
        if (!anchor || !existsSync(join(root, path))) continue
        const anchors = headingsIn(textOf(path)).map(({ title }) => anchorOf(title))
        expect(anchors, `${page}: ${path}#${anchor}`).toContain(anchor)
      }
    }
  })

  it('have no line or emphasis that a browser shows with a gap or an asterisk: a break is a blank, and ** behind a mark ends nothing', () => {
    const lines = proseOf(zh).split('\n')
    const isText = (line: string | undefined) => /^(?![|#<]|- |\d+\. ).+/u.test(line ?? '')
    expect(lines.filter((line, i) => isText(line) && isText(lines[i - 1]))).toEqual([])
    expect(zh.match(/[，。：；、]\*\*/gu) ?? []).toEqual([])
  })

  it('part Han and Latin by a blank, and use the marks of each writing', () => {
    const prose = proseOf(zh)
      .replace(/<!--.*?-->/g, '')
      .replace(/\]\([^)]*\)/g, ']')
      .replace(/`[^`\n]*`/g, 'x')
      .replace(/ ?\| ?/g, '\n')
    expect(
      prose.match(/.{0,8}(?:\p{Script=Han}[A-Za-z0-9]|[A-Za-z0-9%]\p{Script=Han}).{0,8}/gu) ?? [],
    ).toEqual([])
    expect(
      prose.match(/.{0,8}(?:\p{Script=Han} ?[,;:!?]|[，。；：、！？（）] | [，。；：、！？（）]).{0,8}/gu) ??
        [],
    ).toEqual([])
  })
})
