/** Does pip resolve what an archive asks for? Asked of pip itself, where there is one and a registry that it can reach. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { REQUIREMENTS } from '#clara/samples/pack/requirements.js'

const work = mkdtempSync(join(tmpdir(), 'clara-requirements-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

const PATIENCE_MS = 75_000
const python =
  spawnSync('python3', [
    '-c',
    'import pip, sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13) or sys.platform != "linux")',
  ]).status === 0

/** @param lines of a requirements file. @returns `null`: pip has not ended in time. */
async function resolve(name: string, lines: string, ...flags: string[]) {
  const file = join(work, name)
  writeFileSync(file, lines)
  const pip = ['-m', 'pip', 'install', '--dry-run', '--ignore-installed', '--no-input', '--retries', '1']
  const words = [...pip, '--disable-pip-version-check', ...flags, '-r', file]
  const child = spawn('python3', words, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let said = ''
  child.stdout.on('data', (part) => {
    said += part
  })
  child.stderr.on('data', (part) => {
    said += part
  })
  // With what it has started: building a package's metadata is a process of its own, which would hold the pipes open.
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), PATIENCE_MS)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearTimeout(timer)
  return { code, said }
}

const UNREACHABLE =
  /Failed to establish|Connection|Temporary failure|timed out|ProxyError|SSLError|Max retries/i

it.skipIf(!python)(
  `pip resolves the packed requirements${python ? '' : ' (skipped: no python3 3.10 to 3.13 with pip, on Linux)'}`,
  { timeout: 3 * PATIENCE_MS },
  async ({ skip }) => {
    // Small, and of the same registry: is it there at all?
    const probe = await resolve('probe.txt', 'einops==0.8.1\n', '--no-deps')
    if (probe.code !== 0) skip('no registry of Python packages within reach')
    const { code, said } = await resolve('requirements.txt', REQUIREMENTS)
    if (code === null) skip(`pip was still at it after ${PATIENCE_MS / 1000} s: it reads whole wheels here`)
    if (code !== 0 && UNREACHABLE.test(said)) skip('the registry of Python packages went out of reach')
    expect(said).toMatch(/Would install .*\btorch-2\.8\.0\b/)
    expect(code).toBe(0)
    for (const pin of REQUIREMENTS.matchAll(/^([a-z]+)==(\S+)$/gm))
      expect(said).toContain(`${pin[1]}-${pin[2]}`)
  },
)

it('names a version of everything', () => {
  const lines = REQUIREMENTS.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  for (const line of lines) expect(line).toMatch(/^[a-z0-9]+(==\d[\w.]*|>=\d[\d.]*,<\d[\d.]*)$/)
  expect(lines).toEqual(
    expect.arrayContaining([
      'torch==2.8.0',
      'transformers==4.56.2',
      'peft==0.17.1',
      'datasets==3.2.0',
      'deepspeed==0.18.1',
    ]),
  )
})
