/**
 * What a process does to the world, by strace: addresses that it speaks to, files that it changes, files that it reads.
 * Without CI in its environment, with which ONNX Runtime would report nothing anyway.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Of all its processes and threads. */
export interface Traced {
  code: number | null
  stdout: string
  stderr: string
  /** Below HOME and TMPDIR, fresh ones, when it has ended. */
  leftBehind: string[]
  /** undefined where there is no strace. */
  calls?: Calls
}

interface Calls {
  /** Each as strace writes it, once. */
  addresses: string[]
  changed: string[]
  read: string[]
}

function works(): boolean {
  const { status } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'])
  if (status !== 0)
    console.warn('strace cannot be used here: only the files that are left behind are looked at')
  return status === 0
}
const hasStrace = works()

export async function traced(
  args: string[],
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): Promise<Traced> {
  const place = mkdtempSync(join(tmpdir(), 'clara-traced-'))
  onTestFinished(() => rmSync(place, { recursive: true, force: true }))
  const [home, temporary, log] = [join(place, 'home'), join(place, 'tmp'), join(place, 'log')]
  for (const folder of [home, temporary]) mkdirSync(folder)
  const strace = ['strace', '-f', '-y', '-s', '4096', '-o', log, '-e', 'trace=%network,%file']
  const [program, ...rest] = [...(hasStrace ? strace : []), process.execPath, ...args]
  const { CI: _ci, ORT_DISABLE_TELEMETRY: _variable, ...inherited } = process.env
  const child = spawn(program!, rest, {
    cwd,
    env: { ...inherited, HOME: home, XDG_CACHE_HOME: '', TMPDIR: temporary, ...env },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const code = await new Promise<number | null>((done, reject) => child.on('close', done).on('error', reject))
  const leftBehind = [home, temporary].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  return {
    ...{ code, stdout, stderr, leftBehind },
    ...(hasStrace && { calls: callsOf(readFileSync(log, 'utf8'), cwd) }),
  }
}

const CHANGES = /^(mkdir|rename|link|symlink|unlink|rmdir|truncate|creat|mknod|chmod|chown|utime)/

const NETWORK =
  /^(socket|connect|bind|listen|accept|send|recv|shutdown|[gs]etsockopt|getsockname|getpeername)/

function callsOf(log: string, cwd: string): Calls {
  const [addresses, changed, read] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (const line of log.split('\n')) {
    const call = line.match(/^\d+ +(\w+)\((.*)$/)
    if (!call) continue
    const [, name, rest] = call as unknown as [string, string, string]
    if (NETWORK.test(name)) {
      const speaks = /^(connect|bind|sendto|sendm?msg)$/.test(name)
      if (speaks) for (const [address] of rest.matchAll(/\{sa_family=[^}]*\}/g)) addresses.add(address)
      continue // what is sent to a process of our own is no path
    }
    const isWriting = CHANGES.test(name) || /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(rest)
    const folder = rest.match(/^(?:AT_FDCWD|\d+)<([^>]*)>/)?.[1] ?? cwd
    for (const [, path] of rest.matchAll(/"((?:[^"\\]|\\.)*)"/g))
      (isWriting ? changed : read).add(resolve(folder, path!))
  }
  return { addresses: [...addresses], changed: [...changed], read: [...read] }
}

/** What was changed and is below none of these folders. */
export function changedOutside({ calls }: Traced, folders: string[]): string[] {
  const within = [...folders, '/dev/null', '/dev/tty', '/proc/self/'] // biome-ignore format: short
  return (calls?.changed ?? []).filter(
    (path) => !within.some((each) => path === each || path.startsWith(each)),
  )
}

export const cli = join(root, 'dist/cli/clara.js')
