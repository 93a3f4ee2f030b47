/** Markdown: as it is, but HTML in it becomes Markdown too, and images in `data:` URLs are taken out. */
import { Lexer, type Token, type Tokens } from 'marked'
import { decodeText } from '../files/decode-text.js'
import { outsideCode } from './code-parts.js'
import { htmlDocument } from './html.js'
import { ImageList } from './image-list.js'
import type { Beside, Parser } from './parsed.js'

/** HTML that Markdown would end at the first blank line, and that has no Markdown inside. */
const WHOLE = /^\s*<(table|ul|ol|dl|svg|script|style)\b/i
const INLINE =
  /<\/?(?:a|abbr|b|big|br|center|cite|code|del|details|div|em|font|h[1-6]|hr|i|img|ins|kbd|mark|p|picture|pre|q|s|samp|section|small|source|span|strike|strong|sub|summary|sup|tt|u|var|wbr)(?:\s+[\w:@-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*\s*\/?>/gi

export const parseMarkdown: Parser = async (bytes, _limits, beside) => {
  const list = new ImageList()
  const { title, body } = withoutFrontMatter(decodeText(bytes))
  const blocks = joined(new Lexer({ gfm: true }).blockTokens(body))
  let text = ''
  for (const block of blocks) text += await blockText(block, list, beside)
  const markdown = outsideCode(text, (part) => part.replace(/\n{3,}/g, '\n\n')).trim()
  return {
    markdown: title === undefined || hasTitle(blocks) ? markdown : `# ${title}\n\n${markdown}`.trim(),
    images: list.images,
  }
}

/** YAML between lines of dashes at the very start; its title is kept. */
function withoutFrontMatter(text: string): { title?: string; body: string } {
  const found = /^---\n((?:[\w-]+:.*\n|[ \t#-].*\n|\n)*)(?:---|\.\.\.)(?:\n|$)/.exec(text)
  if (!found) return { body: text }
  const title = /^title:[ \t]*(["']?)(.+?)\1[ \t]*$/m.exec(found[1]!)?.[2]
  return { body: text.slice(found[0].length), ...(title !== undefined && { title }) }
}

function hasTitle(blocks: Block[]): boolean {
  return blocks.some(({ type, depth }) => type === 'heading' && depth === 1)
}

interface Block {
  type: string
  raw: string
  depth?: number
}

/** With a table or list of HTML whole again, where blank lines in it cut it in pieces. */
function joined(tokens: Token[]): Block[] {
  const blocks: Block[] = []
  let open: { block: Block; tag: string } | undefined
  for (const token of tokens) {
    const { type, raw } = token
    if (open) open.block.raw += raw
    else blocks.push({ type, raw, depth: (token as Tokens.Heading).depth })
    const block = blocks.at(-1)!
    const tag = open?.tag ?? (type === 'html' ? WHOLE.exec(raw)?.[1] : undefined)
    open = tag !== undefined && isOpen(block.raw, tag) ? { block, tag } : undefined
  }
  return blocks
}

function isOpen(html: string, tag: string): boolean {
  const count = (pattern: string) => html.match(new RegExp(pattern, 'gi'))?.length ?? 0
  return count(`<${tag}\\b`) > count(`</${tag}\\s*>`)
}

async function blockText({ type, raw }: Block, list: ImageList, beside: Beside | undefined): Promise<string> {
  if (type === 'code') return raw
  if (type === 'html') {
    const { markdown } = await htmlDocument(raw, { list, beside })
    return markdown === '' ? '\n\n' : `\n\n${markdown}\n\n`
  }
  const near = await imagesBeside(raw, list, beside)
  const change = (text: string) => withoutTags(marked(text, list, near), type === 'table' ? ' ' : '\n')
  return outsideCode(raw, change)
}

const IMAGE = /!\[([^\]\n]{0,2000})\]\(\s*<?([^\s()<>]*)>?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/g

/** Address -> mark. */
async function imagesBeside(
  text: string,
  list: ImageList,
  beside: Beside | undefined,
): Promise<Map<string, string>> {
  const marks = new Map<string, string>()
  if (!beside || !text.includes('![')) return marks
  for (const [, , address] of text.matchAll(IMAGE)) {
    const bytes = marks.has(address!) ? undefined : await beside(address!)
    if (bytes) marks.set(address!, list.add(bytes))
  }
  return marks
}

/** Labels stay: they may be all that is known of an image. */
function marked(text: string, list: ImageList, near: ReadonlyMap<string, string>): string {
  return text.replace(IMAGE, (image, label: string, address: string) => {
    const mark = list.addDataUrl(address) ?? near.get(address)
    return mark === undefined ? image : [label, mark].filter((part) => part !== '').join(' ')
  })
}

/** Images in `data:` URLs -> marks. */
export function takeDataImages(text: string, list: ImageList): string {
  return marked(text, list, new Map()).replace(/^Image (?=\[IMAGE_REF)/gm, '')
}

function withoutTags(text: string, lineBreak: string): string {
  if (!text.includes('<')) return text
  return text.replace(/<!--[\s\S]*?-->/g, '').replace(INLINE, (tag) => (/^<br/i.test(tag) ? lineBreak : ''))
}
