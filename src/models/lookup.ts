/**
 * Names to addresses as the system resolves them, and no longer than a few seconds: getaddrinfo with a resolver
 * that is filtered takes 10 to 40 s, and holds up even the end of the process that has called it (libuv
 * joins its threads). So it runs in a process of its own, which can be ended.
 */
import { spawn } from 'node:child_process'
import type { LookupAddress, LookupOptions } from 'node:dns'

/** Longest that a name may take. */
const LOOKUP_MS = 3000
const SCRIPT = `require('dns').lookup(process.argv[1], { all: true }, (error, addresses) =>
  process.send(error ? { code: error.code || 'ENOTFOUND' } : { addresses }, () => process.disconnect()))`

type Done = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void

/** A name is asked for once: a pull is over before its address changes. */
const known = new Map<string, Promise<LookupAddress[]>>()

/** In place of dns.lookup, as net.connect takes one. Fails with ENOTFOUND, EAI_AGAIN …, or EAI_TIMEOUT. */
export function boundedLookup(hostname: string, options: LookupOptions, done: Done): void {
  let addresses = known.get(hostname)
  if (!addresses) {
    addresses = lookUp(hostname)
    known.set(hostname, addresses)
    addresses.catch(() => known.delete(hostname))
  }
  addresses.then(
    (all) => {
      const fit = all.filter(({ family }) => !options.family || family === options.family)
      const [first] = fit
      if (!first) done(lookupError('ENOTFOUND', hostname), [])
      else if (options.all) done(null, fit)
      else done(null, first.address, first.family)
    },
    (error) => done(error, []),
  )
}

function lookUp(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    const { NODE_OPTIONS: _, ...env } = process.env
    const child = spawn(process.execPath, ['-e', SCRIPT, hostname], {
      env,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const failed = (code: string) => reject(lookupError(code, hostname))
    const timer = setTimeout(() => {
      failed('EAI_TIMEOUT')
      child.kill('SIGKILL')
    }, LOOKUP_MS)
    child.once('message', ({ code, addresses }: { code?: string; addresses: LookupAddress[] }) =>
      code === undefined ? resolve(addresses) : failed(code),
    )
    child.once('error', () => failed('EAI_SYSTEM'))
    child.once('close', () => {
      clearTimeout(timer)
      failed('EAI_SYSTEM') // nothing, where it has said something
    })
  })
}

function lookupError(code: string, hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), {
    code,
    hostname,
    syscall: 'getaddrinfo',
  })
}
