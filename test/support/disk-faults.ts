/** Makes one call that changes the disk fail: the n-th of all of this process. */
import type { FileHandle } from 'node:fs/promises'
import { disk } from '#clara/files/disk.js'

type Call = (...args: never[]) => Promise<unknown>

const real = { ...disk }
const OF_A_HANDLE = ['write', 'appendFile', 'sync', 'datasync', 'truncate', 'close'] as const

/**
 * Runs `action` while call number `n` (from 0) fails with `code`.
 * @returns what failed, or undefined where there were fewer calls.
 */
export async function withFault(
  n: number,
  code: string,
  action: () => Promise<unknown>,
): Promise<string | undefined> {
  let calls = 0
  let failed: string | undefined
  const failing = (name: string, call: Call): Call => {
    return async (...args) => {
      if (calls++ !== n) return call(...args)
      const path = typeof args[0] === 'string' ? ` '${args[0]}'` : ''
      failed = `${name}${path}`
      if (name === 'close') await call(...args) // it is closed, and tells of an error
      throw Object.assign(new Error(`${code}: injected, ${failed}`), { code, errno: -5, syscall: name })
    }
  }
  for (const name of Object.keys(real) as (keyof typeof disk)[]) {
    Object.assign(disk, { [name]: failing(name, real[name] as Call) })
  }
  const open = disk.open
  disk.open = async (...args) => {
    const handle: FileHandle = await open(...args)
    for (const name of OF_A_HANDLE) {
      const call = (handle[name] as Call).bind(handle)
      Object.assign(handle, { [name]: failing(name, call) })
    }
    return handle
  }
  try {
    await action()
  } finally {
    Object.assign(disk, real)
  }
  return failed
}
