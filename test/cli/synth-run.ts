/** Runs clara-synth against a server of the test's own, over a few passages of the example. */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type LlmServerOptions, startLlmServer } from '../llm-server.js'
import { clara, example, type RunOptions, workFolder } from './clara.js'

export function synthFolder(passages = 20) {
  const work = workFolder()
  const corpus = join(work, 'corpus.jsonl')
  writeFileSync(
    corpus,
    readFileSync(example('raw_knowledge.jsonl'), 'utf8').split('\n').slice(0, passages).join('\n'),
  )
  const path = (out: string, name = '') => join(work, out, name)
  return {
    work,
    corpus,
    path,
    synth: (out: string, flags: string[], options: RunOptions = {}) =>
      clara(['--input-file', corpus, '--output-dir', path(out), ...flags], {
        bin: 'clara-synth',
        ...options,
      }),
  }
}

/** A server that goes when the test has run. */
export async function serve(behave?: LlmServerOptions['behave'], embed?: LlmServerOptions['embed']) {
  const server = await startLlmServer({ ...(behave && { behave }), ...(embed && { embed }) })
  onTestFinished(() => server.close())
  return server
}

/** All that is in a folder's files, by name. */
export function textsIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name), 'latin1'),
    ]),
  )
}

/** What the system shows everybody of a process and its children. Linux. */
export function commandLines(child: ChildProcess): string {
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'args', '--pid', `${child.pid}`, '--ppid', `${child.pid}`])
  return stdout.toString()
}
