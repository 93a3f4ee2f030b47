// How much of reference texts the built parsers get, in order: token F1 (measure.mjs) for each file and format.
//
//   npm run build && node bench/extract/run.mjs FOLDER [--format docx,html] [--output FILE]
//
// FOLDER holds one folder for each format, as docx/ or pdf/, with the files and groundtruth/NAME.md: the Markdown of NAME.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ENDINGS, endingOf, parserOf } from '../../dist/extraction/formats.js'
import { keep } from '../keep.mjs'
import { measuredOn } from '../machine.mjs'
import { score } from './measure.mjs'

const LIMITS = { unpackedBytes: 512 << 20, entries: 10_000 }

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { format: { type: 'string' }, output: { type: 'string' } },
})
const folder = positionals[0]
if (!folder || !existsSync(folder)) {
  console.error(
    'usage: node bench/extract/run.mjs FOLDER, with FOLDER/docx/groundtruth/NAME.docx.md and so on',
  )
  process.exit(2)
}

const round = (value) => Number(value.toFixed(4))
const names = (path) => readdirSync(path).sort()
const formats = {}
for (const format of names(folder)) {
  if (flags.format && !flags.format.split(',').includes(format)) continue
  const truths = join(folder, format, 'groundtruth')
  if (!existsSync(truths)) continue
  const files = names(join(folder, format)).filter(
    (name) => ENDINGS.includes(endingOf(name)) && existsSync(join(truths, `${name}.md`)),
  )
  const rows = []
  for (const name of files) rows.push(await row(join(folder, format, name), join(truths, `${name}.md`), name))
  if (rows.length > 0) formats[format] = { mean_f1: mean(rows), files: rows }
}

async function row(path, truth, name) {
  const started = performance.now()
  try {
    const { markdown, images } = await (await parserOf(path))(readFileSync(path), LIMITS)
    const ms = Math.round(performance.now() - started)
    const { f1, precision, recall } = score(markdown, readFileSync(truth, 'utf8'))
    return {
      name,
      f1: round(f1),
      precision: round(precision),
      recall: round(recall),
      images: images.length,
      ms,
    }
  } catch (error) {
    return { name, f1: 0, error: error.message }
  }
}

function mean(rows) {
  return round(rows.reduce((sum, { f1 }) => sum + f1, 0) / rows.length)
}

for (const [format, { mean_f1, files }] of Object.entries(formats)) {
  console.log(
    `\n${format.padEnd(42)} ${'F1'.padStart(6)} ${'prec.'.padStart(6)} ${'recall'.padStart(6)} images     ms`,
  )
  for (const { name, f1, precision, recall, images, ms, error } of files) {
    const numbers =
      error ?? `${share(precision)} ${share(recall)} ${String(images).padStart(6)} ${String(ms).padStart(6)}`
    console.log(`${name.padEnd(42)} ${share(f1)} ${numbers}`)
  }
  console.log(`${`mean of ${files.length}`.padEnd(42)} ${share(mean_f1)}`)
}

function share(value) {
  return value.toFixed(3).padStart(6)
}

keep({ ...measuredOn(), formats }, flags.output)
