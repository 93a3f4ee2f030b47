import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { serve, synthFolder } from './synth-run.js'

const KEY = 'sk-canary-7f3e2b9a5d1c'
const { work, synth } = synthFolder(6)

/** A working directory with this `.env`. */
function directoryWith(name: string, env: string): string {
  const directory = join(work, name)
  mkdirSync(directory)
  writeFileSync(join(directory, '.env'), env)
  return directory
}

describe('settings', () => {
  it('come from .env where the environment has none', async () => {
    const { url, requests, headers } = await serve()
    const cwd = directoryWith('all', `OPENAI_API_KEY="${KEY}"\nBASE_URL=${url}\nMODEL='some/model' # ours\n`)
    const { code, stderr } = await synth('from-env-file', [], { cwd })
    expect(code).toBe(0)
    expect(requests[0]?.model).toBe('some/model')
    expect(headers[0]?.authorization).toBe(`Bearer ${KEY}`)
    expect(stderr).toContain(`endpoint from .env: ${url}`)
    expect(stderr).not.toContain(KEY)
  })

  it.each([
    ['OPENAI_BASE_URL', 'BASE_URL'],
    ['BASE_URL', 'OPENAI_BASE_URL'],
  ])('are taken from the environment (%s) before .env, and from a flag before both', async (name, other) => {
    const { url, requests, headers } = await serve()
    const nowhere = 'http://127.0.0.1:1/v1'
    const cwd = directoryWith(
      `second-${name}`,
      `OPENAI_API_KEY=sk-not-this-one\n${other}=${nowhere}\nMODEL=not-this\n`,
    )
    const env = { OPENAI_API_KEY: KEY, [name]: url, MODEL: 'from-environment' }
    expect((await synth(`first-${name}`, ['--quiet'], { cwd, env })).code).toBe(0)
    expect(requests[0]?.model).toBe('from-environment')
    expect(headers[0]?.authorization).toBe(`Bearer ${KEY}`)
    const flags = ['--quiet', '--base-url', url, '--model', 'from-flag']
    expect((await synth(`flag-${name}`, flags, { cwd, env: { ...env, [name]: nowhere } })).code).toBe(0)
    expect(requests.at(-1)?.model).toBe('from-flag')
  })

  it('that the environment empties stay empty', async () => {
    const cwd = directoryWith('emptied', `OPENAI_API_KEY=${KEY}\n`)
    const { code, stderr } = await synth('emptied-out', [], { cwd, env: { OPENAI_API_KEY: '' } })
    expect(code).toBe(2)
    expect(stderr).toContain('no API key')
  })

  it('are not looked for in a virtual environment named .env', async () => {
    const { url } = await serve()
    const cwd = directoryWith('virtual', '')
    rmSync(join(cwd, '.env'))
    mkdirSync(join(cwd, '.env'))
    expect((await synth('virtual-out', ['--quiet', '--base-url', url], { cwd })).code).toBe(0)
  })
})

describe('the key', () => {
  it('is read from stdin', async () => {
    const { url, headers } = await serve()
    const { code } = await synth('stdin', ['--quiet', '--base-url', url, '--api-key-file', '-'], {
      onStart: (child) => child.stdin?.end(`${KEY}\n`),
    })
    expect(code).toBe(0)
    expect(headers[0]?.authorization).toBe(`Bearer ${KEY}`)
  })

  it('must be there, if stdin is to have it', async () => {
    const { code, stderr } = await synth(
      'stdin-empty',
      ['--base-url', 'http://127.0.0.1:1', '--api-key-file', '-'],
      {
        onStart: (child) => child.stdin?.end('\n'),
      },
    )
    expect(code).toBe(2)
    expect(stderr).toContain('stdin: is empty')
  })
})
