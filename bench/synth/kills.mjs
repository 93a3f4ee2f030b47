// SIGKILL at random moments of clara-synth; the same command goes on, until it comes to its end.
//
//   npm run build && node bench/synth/kills.mjs [--kills 200] [--seed 1] [--output FILE]
//
// The server counts for each passage how often it was asked, and which replies it had sent completely. A reply is
// acknowledged when its line is whole in the journal: after a kill nobody may ask for that passage again. What the
// last run leaves must be, byte for byte, what a run leaves that nobody killed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seeded } from '../faults/mutate.mjs'
import { keep } from '../keep.mjs'
import { corpusFile, KEY, linesOf, resultsOf, startSynth, withPart } from './common.mjs'
import { FAULTS, startServer } from './server.mjs'

const { values: flags } = parseArgs({
  options: {
    output: { type: 'string' },
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    chunks: { type: 'string', default: '60' },
  },
})
const LATENCY_MS = 80
const CONCURRENCY = '6'
const wanted = Number(flags.kills)
const chunks = Number(flags.chunks)
const random = seeded(Number(flags.seed))
const work = mkdtempSync(join(tmpdir(), 'clara-synth-kills-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const corpus = corpusFile(join(work, 'corpus.jsonl'), chunks)
const keyFile = join(work, 'key')
writeFileSync(keyFile, KEY)

const counts = {
  kills: 0,
  while_asking: 0,
  directories: 0,
  replies_acknowledged_at_kills: 0,
  replies_sent_but_not_acknowledged: 0,
  acknowledged_replies_paid_again: 0,
  calls: 0,
  doubled_rows: 0,
  lost_rows: 0,
  other_results: 0,
}
const findings = []
const found = (what) => {
  findings.push(what)
  console.error(JSON.stringify(what).slice(0, 1000))
}

const synth = (output, url) =>
  startSynth({ corpus, output, url, keyFile, more: ['--concurrency', CONCURRENCY] })

/** A run that nobody kills: how long it takes, and what it leaves. */
async function undisturbed() {
  const server = await startServer({ latencyMs: LATENCY_MS, seed: flags.seed, key: KEY })
  const output = join(work, 'undisturbed')
  const started = performance.now()
  const { code, stderr } = await synth(output, server.url).ended
  await server.close()
  if (code !== 0) throw new Error(stderr)
  return { ms: performance.now() - started, results: resultsOf(output) }
}

/** Kills runs in one directory until one of them comes to its end before it is killed. */
async function untilDone(output, { ms, results }) {
  const server = await startServer({ latencyMs: LATENCY_MS, seed: flags.seed, key: KEY })
  const journal = join(output, 'llm_journal.jsonl')
  const acknowledged = new Map() // chunk -> how often its passage had been asked about
  for (;;) {
    const { child, ended } = synth(output, server.url)
    const last = counts.kills >= wanted
    let asking = false
    const kill = () => {
      asking = server.log.underWay > 0
      child.kill('SIGKILL')
    }
    const timer = last ? undefined : setTimeout(kill, 1 + random(Math.ceil(ms)))
    const { code, signal, stderr } = await ended
    clearTimeout(timer)
    for (const [passage, { asked }] of acknowledged) {
      if (server.passages.get(passage).asked > asked) {
        counts.acknowledged_replies_paid_again++
        found({ kind: 'paid again', passage: passage.slice(0, 20) })
      }
    }
    if (signal !== 'SIGKILL') {
      const wasDone = code === 2 && stderr.includes('holds a finished run') // killed between the last file and the exit
      if (code !== 0 && !wasDone) found({ kind: 'not gone on', code, stderr })
      break
    }
    counts.kills++
    if (asking) counts.while_asking++
    noteJournal(wholeRecords(journal), server, acknowledged)
  }
  check(output, results)
  counts.calls += server.log.requests
  counts.directories++
  await server.close()
  rmSync(output, { recursive: true, force: true })
}

/** What a journal holds that was cut anywhere: the records with a newline. */
function wholeRecords(journal) {
  try {
    return linesOf(journal)
  } catch (error) {
    found({ kind: 'journal', error: error.message })
    return []
  }
}

function noteJournal(records, { passages }, acknowledged) {
  const texts = new Map(
    Array.from(passages.keys(), (passage) => [`d${/^Passage (\d+) /.exec(passage)[1]}#0`, passage]),
  )
  for (const { chunkId } of records) {
    const passage = texts.get(chunkId)
    acknowledged.set(passage, { asked: passages.get(passage).asked })
  }
  counts.replies_acknowledged_at_kills += records.length
  for (const [passage, { finished }] of passages) {
    if (finished > 0 && !acknowledged.has(passage)) counts.replies_sent_but_not_acknowledged++
  }
}

function check(output, results) {
  const rows = linesOf(join(output, 'qa.jsonl')).map((row) => row.doc_id)
  const distinct = new Set(rows).size
  counts.doubled_rows += rows.length - distinct
  counts.lost_rows += chunks - distinct
  if (resultsOf(output) === results) return
  counts.other_results++
  found({ kind: 'other results', rows: rows.length, distinct, is: resultsOf(output), should_be: results })
}

const whole = await undisturbed()
while (counts.kills < wanted) await untilDone(join(work, `run-${counts.directories}`), whole)
const part = { seed: flags.seed, chunks, latency_ms: LATENCY_MS, faults: FAULTS, ...counts, findings }
process.stdout.write(keep(withPart(flags.output, 'kills', part), flags.output))
process.exitCode = findings.length > 0 ? 1 : 0
