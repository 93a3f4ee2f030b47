/** Which of the embedded models a command takes, and what it says where that one does not read the documents. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { chooseEmbedder } from '#clara/index/choose-embedder.js'
import { clara, shell, workFolder } from './clara.js'

const work = workFolder()
const ENGLISH = 'all-minilm-l6-v2'
const BILINGUAL = 'multilingual-e5-small-en-zh'
const english = 'The harbour town wakes before the sun, and the boats are out before the first bell.'
const chinese = '检索模型把问题和段落编码为向量，再比较它们之间的相似度。'
const traditional = '臺灣的軟體工程師經常使用資料庫與網路服務，並且撰寫說明文件。'
const japanese = '港町は日の出前に目を覚まし、最初の鐘が鳴る前に船が出ていく。毎日そうだ。'
const korean = '항구 마을은 해가 뜨기 전에 깨어나고 배들은 첫 종이 울리기 전에 바다로 나간다.'
const russian = 'Портовый город просыпается до восхода солнца, и лодки выходят в море.'
const french = 'Le port s’éveille avant le soleil, et les bateaux sortent avant la première cloche.'
const manual =
  '使用 kubectl apply -f deployment.yaml 部署服务，然后 run docker compose up -d 启动 container，最后检查日志。'
const named = `${english} The inn 港之宿 is kept by 王小明, who says 己所不欲，勿施于人 to all.`

async function* documentsOf(...texts: string[]) {
  for (const text of texts) yield { title: '', text }
}
const times = (count: number, text: string) => Array.from({ length: count }, () => text)

it.each<[string, string[], string]>([
  ['English alone', times(40, english), ENGLISH],
  ['Chinese alone', times(40, chinese), BILINGUAL],
  ['traditional Chinese', times(40, traditional), BILINGUAL],
  ['half of each', [...times(20, english), ...times(20, chinese)], BILINGUAL],
  ['2% Chinese', [...times(98, english), ...times(2, chinese)], BILINGUAL],
  ['1% Chinese', [...times(99, english), chinese], ENGLISH],
  ['names and quotations in Chinese', times(40, named), ENGLISH],
  ['Chinese full of code', times(40, manual), BILINGUAL],
  ['a book in English before records in Chinese', [english.repeat(5000), ...times(40, chinese)], BILINGUAL],
  ['a book that is Chinese in its second half', [english.repeat(500) + chinese.repeat(500)], BILINGUAL],
  ['Chinese after the first 2,000 passages', [...times(2000, english), ...times(500, chinese)], ENGLISH],
  ['Japanese', times(40, japanese), ENGLISH],
  [
    'Japanese with a few titles in kanji',
    [...times(38, japanese), '東京都議会議員選挙結果', '港町日記'],
    ENGLISH,
  ],
  ['Korean', times(40, korean), ENGLISH],
  ['Russian', times(40, russian), ENGLISH],
  ['French', times(40, french), ENGLISH],
  ['nothing', [], ENGLISH],
])('%s', async (_, texts, expected) => {
  expect((await chooseEmbedder(documentsOf(...texts))).model.card.name).toBe(expected)
})

it('no more is read than what the choice needs', async () => {
  let read = 0
  async function* endless() {
    for (;;) {
      read++
      yield { title: '', text: english }
    }
  }
  const { why } = await chooseEmbedder(endless())
  expect({ why, read }).toEqual({ why: '0 of the first 2000 passages are Chinese', read: 2001 })
})

const records = (name: string, texts: string[]) => {
  const path = join(work, `${name}.jsonl`)
  writeFileSync(path, texts.map((text, i) => JSON.stringify({ _id: `${name}${i}`, text })).join('\n'))
  return path
}
const build = (name: string, path: string, ...flags: string[]) =>
  clara(['index', 'build', '--input-file', path, '--output-dir', join(work, name), ...flags])
const manifestOf = (name: string) => JSON.parse(readFileSync(join(work, name, 'manifest.json'), 'utf8'))

it('a mixed corpus is built by the bilingual model: one line says so, and the manifest keeps it', async () => {
  const path = records('mixed', [english, chinese, `${english} More.`, `${chinese}再来一次。`])
  const { code, stderr } = await build('mixed-index', path)
  expect(code, stderr).toBe(0)
  expect(stderr).toContain(`embedder ${BILINGUAL}: 2 of the 4 passages are Chinese`)
  expect(stderr).not.toContain('does not read')
  expect(manifestOf('mixed-index').embedder).toMatchObject({
    name: BILINGUAL,
    auto: '2 of the 4 passages are Chinese',
  })
  const named = await build('named-index', path, '--embedder', BILINGUAL, '--quiet')
  expect(named.code).toBe(0)
  expect(manifestOf('named-index').embedder).not.toHaveProperty('auto')
})

it('Chinese documents for an English index: exit code 2, and the command that builds both anew', async () => {
  const flags = ['--precision', 'f32', '--chunk-tokens', '128', '--chunk-overlap', '8', '--dims', '256']
  const built = await build(
    'english-index',
    records('first', times(12, english)),
    '--embedder',
    'auto',
    ...flags,
  )
  expect(built.code, built.stderr).toBe(0)
  const index = join(work, 'english-index')
  const more = records('more', times(3, chinese))
  const added = await clara(['index', 'add', index, '--input-file', more])
  expect(added.code).toBe(2)
  const command = `clara-index build --input-file ITS-DOCUMENTS '${more}' --output-dir '${index}' --overwrite --embedder ${BILINGUAL} --precision f32 --dims 256 --chunk-tokens 128 --chunk-overlap 8`
  expect(added.stderr).toContain(command)
  const few = await clara([
    'index',
    'add',
    index,
    '--input-file',
    records('few', [...times(11, `${english} 2`), chinese]),
  ])
  expect(few.code, few.stderr).toBe(0)
  expect(few.stderr).toContain('warning: 1 of 12 documents')
  const asked = await clara(['index', 'search', index, '--query', chinese])
  expect(asked.stderr).toContain(`--output-dir '${index}' --overwrite --embedder ${BILINGUAL}`)
})

it('standard input, which comes once, is chosen by and built', async () => {
  const path = records('piped', times(4, chinese))
  const index = join(work, 'piped-index')
  const { code, stderr } = await shell(
    `cat '${path}' | clara index build --input-file - --output-dir '${index}'`,
  )
  expect(code, stderr).toBe(0)
  expect(manifestOf('piped-index')).toMatchObject({ embedder: { name: BILINGUAL }, counts: { documents: 4 } })
})
