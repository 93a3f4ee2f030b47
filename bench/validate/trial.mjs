// One pass over a file, in this process: `parse`, `schema` or `full`.
import { parseLine, readLineBatches } from '../../dist/files/jsonl.js'
import { validateSamples } from '../../dist/samples/validate.js'

const [what, path] = process.argv.slice(2)

async function parse() {
  let rows = 0
  for await (const lines of readLineBatches(path)) for (const line of lines) if (parseLine(line)) rows++
  return rows
}

async function validate() {
  const { lines, findings } = await validateSamples(path, {
    schemaOnly: what === 'schema',
    onProblem: () => {},
  })
  if (findings.length > 0) throw new Error(`the data is not sound: ${JSON.stringify(findings)}`)
  return lines
}

const cpu = process.cpuUsage()
const started = performance.now()
const rows = await (what === 'parse' ? parse() : validate())
const seconds = (performance.now() - started) / 1000
const { user, system } = process.cpuUsage(cpu)
const peakMiB = process.resourceUsage().maxRSS / 1024
console.log(JSON.stringify({ rows, seconds, cpu: (user + system) / 1e6, peakMiB }))
