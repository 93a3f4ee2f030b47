import { describe, expect, it } from 'vitest'
import { parseMarkdown } from '#clara/extraction/markdown.js'
import { parseText } from '#clara/extraction/text.js'
import { PIXEL } from '../support/word.js'

const LIMITS = { unpackedBytes: 1 << 20, entries: 100 }
const markdown = async (text: string | Buffer) => (await parseMarkdown(Buffer.from(text), LIMITS)).markdown

describe('Markdown', () => {
  it('passes through, whatever its line ends', async () => {
    const text =
      '# A\n\n- b\n    - c `<br>`\n\n| x | y |\n|---|---|\n| 1 | List<String> |\n\n```html\n<b>\n\n\n<!-- x -->\n```\n\n    <i>code</i>'
    expect(await markdown(`\ufeff${text.replaceAll('\n', '\r\n')}\r\n`)).toBe(text)
  })

  it('turns HTML in it into Markdown, tables with blank lines in them too', async () => {
    const html = '<table>\n<tr><td>a</td><td>b</td></tr>\n\n<tr><td>c</td><td>d</td></tr>\n</table>'
    expect(
      await markdown(
        `Before<br/>me <a name="x"></a><!-- no -->.\n\n${html}\n\n<div>\n\n**in**\n\n</div>\n\nAfter.`,
      ),
    ).toBe('Before\nme .\n\n| a | b |\n| --- | --- |\n| c | d |\n\n**in**\n\nAfter.')
  })

  it('leaves front matter out but for a title that the text has not', async () => {
    const front = '---\ntitle: "The title"\ntags:\n  - a\n---\n'
    expect(await markdown(`${front}Text.`)).toBe('# The title\n\nText.')
    expect(await markdown(`${front}# Own\n\nText.`)).toBe('# Own\n\nText.')
    expect(await markdown('---\n\nno front matter\n\n---\n')).toBe('---\n\nno front matter\n\n---')
  })

  it('takes images out of data: URLs, but not out of code', async () => {
    const image = `![dot](data:image/png;base64,${PIXEL.toString('base64')})`
    const { markdown, images } = await parseMarkdown(
      Buffer.from(`a ${image}\n\n\`${image}\` ![far](https://a.b/c.png)`),
      LIMITS,
    )
    expect(markdown).toBe(`a dot [IMAGE_REF: image-1.png]\n\n\`${image}\` ![far](https://a.b/c.png)`)
    expect(images.map(({ name }) => name)).toEqual(['image-1.png'])
  })

  it('is read in good time, however odd', async () => {
    const start = performance.now()
    for (const text of [
      'hello <world> '.repeat(300_000),
      '['.repeat(50_000),
      '`'.repeat(100_000),
      '<!--'.repeat(10_000),
    ]) {
      await markdown(text)
    }
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})

describe('text', () => {
  const text = async (bytes: Uint8Array) => (await parseText(bytes, LIMITS)).markdown
  const CHINESE = '本手册说明如何使用这个系统，我们的产品在中国有很多用户。'

  it.each([
    ['UTF-8', Buffer.from('\ufeffGrüße 你好')],
    ['UTF-16 LE', Buffer.from('\ufeffGrüße 你好', 'utf16le')],
    ['UTF-16 BE', Buffer.from('\ufeffGrüße 你好', 'utf16le').swap16()],
  ])('%s with a mark', async (_, bytes) => {
    expect(await text(bytes)).toBe('Grüße 你好')
  })

  it('Chinese in GB 18030, but no other bytes', async () => {
    const gb = Buffer.from(
      'b1becad6b2e1cbb5c3f7c8e7bacecab9d3c3d5e2b8f6cfb5cdb3a3acced2c3c7b5c4b2fac6b7d4dad6d0b9fad3d0badcb6e0d3c3bba7a1a3',
      'hex',
    )
    expect(await text(gb)).toBe(CHINESE)
    await expect(text(Buffer.from('Gr\xfc\xdfe aus M\xfcnchen und K\xf6ln', 'latin1'))).rejects.toThrow(
      /neither UTF-8/,
    )
    await expect(text(Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 7919) % 256)))).rejects.toThrow(
      /binary/,
    )
  })

  it('keeps a huge line', async () => {
    expect((await text(Buffer.alloc(5_000_000, 'x'))).length).toBe(5_000_000)
  })
})
