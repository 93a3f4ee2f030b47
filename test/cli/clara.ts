/** Runs the built commands as a user would, in a process of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
export const example = (name: string) => join(root, 'example', name)

export interface Outcome {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  env?: Record<string, string>
  /** The binary; default: `clara`. */
  bin?: string
  /** In place of node and the binary. */
  command?: [string, ...string[]]
  cwd?: string
  /** Called when the process has started. */
  onStart?: (child: ChildProcess) => unknown
}

/** Variables that commands read: a test's own count, not those of whoever runs it. */
export const SETTINGS = [
  ...[
    'OPENAI_API_KEY',
    'OPENAI_BASE_URL',
    'OPENAI_API_BASE',
    'BASE_URL',
    'MODEL',
    'VISION_MODEL',
    'EMBEDDING_MODEL',
  ],
  ...['RAW_DATA_DIR', 'EXTRACTED_ASSETS_DIR', 'EXTRACTION_MODE'],
]

export function clara(
  args: string[],
  { env = {}, bin = 'clara', command, cwd, onStart }: RunOptions = {},
): Promise<Outcome> {
  const rest = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SETTINGS.includes(name)))
  const [program, ...before] = command ?? [process.execPath, join(root, 'dist/cli', `${bin}.js`), ...args]
  const child = spawn(program, before, { cwd, env: { ...rest, ...env } })
  return outcomeOf(child, onStart)
}

/** As clara, inside `bash -c`: for limits that only a shell can set. `clara` is the command. */
export function shell(script: string): Promise<Outcome> {
  const env = { ...process.env, NODE: process.execPath, CLI: join(root, 'dist/cli/clara.js') }
  return outcomeOf(spawn('bash', ['-c', `clara() { "$NODE" "$CLI" "$@"; }; ${script}`], { env }))
}

function outcomeOf(child: ChildProcess, onStart?: (child: ChildProcess) => unknown): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
    onStart?.(child)
  })
}

/** A folder that goes when the file's tests have run. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'clara cli é-')) // a blank and a letter that is not ASCII
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function readRows<T = Record<string, unknown>>(path: string): T[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
