// The API key is in no file that a run leaves, in nothing it prints, and in no command line or environment that the
// system shows, while the server sends it back in every header and error.
//
//   npm run build && node bench/synth/canary.mjs [--chunks 60] [--output FILE]      (Linux: it reads /proc)
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keep } from '../keep.mjs'
import { corpusFile, KEY, startSynth, withPart } from './common.mjs'
import { startServer } from './server.mjs'

const { values: flags } = parseArgs({
  options: { output: { type: 'string' }, chunks: { type: 'string', default: '60' } },
})
const FAULTS = { throttled: 0.1, broken: 0.1, cut: 0.1, malformed: 0.1 }
const work = mkdtempSync(join(tmpdir(), 'clara-synth-canary-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const corpus = corpusFile(join(work, 'corpus.jsonl'), Number(flags.chunks))
const keyFile = join(work, 'key')
writeFileSync(keyFile, KEY)

const SPELLINGS = [
  KEY,
  JSON.stringify(KEY).slice(1, -1),
  encodeURIComponent(KEY),
  Buffer.from(KEY).toString('base64'),
]
const holdsKey = (text) => SPELLINGS.some((spelling) => text.includes(spelling))
const findings = []

/** Of every process that this user may look at, but this one. */
function lookAtProcesses() {
  let looked = 0
  for (const pid of readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
  )) {
    for (const file of ['cmdline', 'environ']) {
      try {
        if (holdsKey(readFileSync(`/proc/${pid}/${file}`, 'utf8'))) findings.push(`/proc/${pid}/${file}`)
        looked++
      } catch {} // it has ended, or is somebody else's
    }
  }
  return looked
}

const server = await startServer({ latencyMs: 50, faults: FAULTS, key: KEY })
const output = join(work, 'out')
const { ended } = startSynth({ corpus, output, url: server.url, keyFile, more: ['--concurrency', '4'] })
let processes = 0
const timer = setInterval(() => {
  processes += lookAtProcesses()
}, 100)
const { code, stdout, stderr } = await ended
clearInterval(timer)
await server.close()
if (code !== 0) throw new Error(stderr)
const files = readdirSync(output, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
for (const { parentPath, name } of files) {
  if (holdsKey(readFileSync(join(parentPath, name), 'utf8'))) findings.push(name)
}
if (holdsKey(stdout)) findings.push('stdout')
if (holdsKey(stderr)) findings.push('stderr')
const sent = {
  calls: server.log.requests,
  with_the_key_in_an_error: server.log.requests - server.log.finished,
}
const part = { ...sent, files: files.length, looks_at_processes: processes, findings: [...new Set(findings)] }
process.stdout.write(keep(withPart(flags.output, 'canary', part), flags.output))
process.exitCode = findings.length > 0 ? 1 : 0
