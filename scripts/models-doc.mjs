// The table of docs/models.md is made from the catalogue. Run after a build:
//   node scripts/models-doc.mjs           writes it
//   node scripts/models-doc.mjs --check   exits with 1 when it is not what the catalogue says
import { readFileSync, writeFileSync } from 'node:fs'
import { CATALOGUE, entryFiles } from '../dist/models/catalogue.js'

const BEGIN = '<!-- made by scripts/models-doc.mjs -->'
const END = '<!-- end -->'
const target = new URL('../docs/models.md', import.meta.url)

function size(files) {
  if (files.some(({ bytes }) => bytes === undefined)) return '?'
  return `${(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(0)} MB`
}

function row(entry) {
  const files = entryFiles(entry)
  const pinned = files.filter(({ sha256 }) => sha256).length
  return [
    `\`${entry.name}\``,
    entry.kind === 'embedder' ? `${entry.dims}, ${entry.pooling}` : 'reranker',
    entry.precision,
    String(entry.maxTokens),
    entry.languages.join(', '),
    size(files),
    entry.licence,
    pinned === files.length ? 'all' : `${pinned} of ${files.length}`,
    `${entry.repository} ${entry.revision ? `\`${entry.revision.slice(0, 8)}\`` : '(not pinned)'}`,
  ]
}

const rows = [
  ['name', 'dims, pooling', 'weights', 'tokens', 'languages', 'size', 'licence', 'sha256', 'repository'],
  Array(9).fill('---'),
  ...CATALOGUE.map(row),
]
const table = rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('')

const before = readFileSync(target, 'utf8')
const [head, rest] = before.split(BEGIN)
const after = `${head}${BEGIN}\n\n${table}\n${END}${rest.split(END)[1]}`
if (!process.argv.includes('--check')) writeFileSync(target, after)
else if (before !== after) {
  console.error('docs/models.md is not what the catalogue says: run node scripts/models-doc.mjs')
  process.exit(1)
}
