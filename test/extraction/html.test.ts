import { describe, expect, it } from 'vitest'
import { parseHtml } from '#clara/extraction/html.js'
import { PIXEL } from '../support/word.js'

const LIMITS = { unpackedBytes: 1 << 20, entries: 100 }
const parse = (html: string | Uint8Array) => parseHtml(Buffer.from(html), LIMITS)
const markdown = async (html: string) => (await parse(html)).markdown

describe('what a page shows', () => {
  it('leaves out scripts, styles, what is hidden, navigation and the foot of the page', async () => {
    const page = `<html><head><title>T</title><style>p{}</style></head><body>
      <nav><a href="/">Home</a></nav><script>alert(1)</script><noscript>no</noscript>
      <p style="color:red; display : none">gone</p><p hidden>gone</p><span aria-hidden="true">gone</span>
      <!-- gone --><h1>Head</h1><p>Text.</p><footer>© us</footer></body></html>`
    expect(await markdown(page)).toBe('# Head\n\nText.')
  })

  it('leaves out links and pictures before the first heading, but no sentence', async () => {
    const lead =
      '<div><a href="/a">One</a> <a href="/b">Two</a></div><img src="logo.png" alt="Logo"><p>A word before.</p>'
    expect(await markdown(`${lead}<h1>Head</h1><p>More.</p>`)).toBe('A word before.\n\n# Head\n\nMore.')
    expect(await markdown('<p><a href="#a">A list</a></p><p><a href="#b">of links</a></p><h2>End</h2>')).toBe(
      'A list\n\nof links\n\n## End',
    )
    expect(await markdown('<p><a href="https://a.b/">Only a link</a></p>')).toBe(
      '[Only a link](https://a.b/)',
    )
  })

  it('keeps addresses that lead somewhere from outside, and no others', async () => {
    const links = ['https://a.b/c_(d) e', '/relative', '#part', 'javascript:alert(1)', 'data:text/html,x']
    const html = links.map((href) => `<p><a href="${href}">x</a></p>`).join('')
    expect(await markdown(html)).toBe('[x](https://a.b/c_%28d%29%20e)\n\nx\n\nx\n\nx\n\nx')
  })

  it('gives lists their numbers and depths, also where they stand wrongly in each other', async () => {
    const html =
      '<ol start="42"><li>a</li><li value="50">b<ul><li>c</li></ul></li></ol><ul><li>d</li><ol><li>e</li></ol></ul>'
    expect(await markdown(html)).toBe('42. a\n50. b\n    - c\n\n- d\n    1. e')
  })

  it('fences code as it is, with its language', async () => {
    const code =
      '<pre class="x"><code class="language-js">a\n  &lt;b&gt;\n```\n</code></pre><p>Call <code>f_x()</code>.</p>'
    expect(await markdown(code)).toBe('````js\na\n  <b>\n```\n````\n\nCall `f_x()`.')
  })

  it('keeps what a formula was written as', async () => {
    const math =
      '<math display="block"><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math>'
    expect(await markdown(`<p>H<sub>2</sub>O</p>${math}`)).toBe('H~2~O\n\n$$x^2$$')
  })
})

describe('tables', () => {
  it('repeat cells that span several, and have one line for each row', async () => {
    const table = `<table><caption>About</caption><tr><th>A</th><th colspan="2">B|C</th></tr>
      <tr><td rowspan="2"><h2>x</h2><p>y</p></td><td><ul><li>1</li><li>2</li></ul></td><td><pre>a
b</pre></td></tr><tr><td>3</td></tr></table>`
    expect(await markdown(table)).toBe(
      [
        'About',
        '',
        '| A | B\\|C | B\\|C |',
        '| --- | --- | --- |',
        '| x y | - 1 - 2 | a b |',
        '| x y | 3 |  |',
      ].join('\n'),
    )
  })

  it('of one cell are frames; tables in cells are their words', async () => {
    const inner = '<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>'
    expect(await markdown(`<table><tr><td>${inner}</td></tr></table>`)).toBe(
      '| a | b |\n| --- | --- |\n| c | d |',
    )
    expect(await markdown(`<table><tr><td>x</td><td>${inner}</td></tr></table>`)).toBe(
      '| x | a b c d |\n| --- | --- |',
    )
  })

  it('do not grow without bound', async () => {
    const cells = '<td colspan="60000" rowspan="60000">x</td>'.repeat(50)
    const text = await markdown(`<table>${`<tr>${cells}</tr>`.repeat(50)}</table>`)
    expect(text.length).toBeLessThan(10_000_000)
  })
})

describe('images', () => {
  it('in data: URLs are taken out, once each; others leave their labels', async () => {
    const url = `data:image/jpeg;base64,${PIXEL.toString('base64')}`
    const { markdown, images } = await parse(
      `<p>a<img src="${url}" alt="Dot">b<img src="${url}"><img src="https://a.b/c.png" alt="far"><img src="data:image/png;base64,AAAA"></p>`,
    )
    expect(markdown).toBe('a\n\nDot\n\n[IMAGE_REF: image-1.png]\n\nb\n\n[IMAGE_REF: image-1.png]\n\nfar')
    expect(images).toEqual([{ name: 'image-1.png', bytes: PIXEL }])
  })
})

describe('bytes', () => {
  it.each(['utf-16le', 'latin1', 'gb18030'])('of %s become text', async (charset) => {
    const bytes = {
      'utf-16le': Buffer.from('\ufeff<p>Größe</p>', 'utf16le'),
      latin1: Buffer.from('<meta charset="windows-1252"><p>Größe</p>', 'latin1'),
      gb18030: Buffer.from('3c6d65746120636861727365743d2267623138303330223e3c703ec4e3bac33c2f703e', 'hex'),
    }[charset]!
    expect((await parse(bytes)).markdown).toBe(charset === 'gb18030' ? '你好' : 'Größe')
  })
})
