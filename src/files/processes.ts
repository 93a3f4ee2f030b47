/** Is the process that left something behind still there? */
import { readFile } from 'node:fs/promises'
import { isErrno } from '../errors.js'

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isErrno(error, 'EPERM')
  }
}

/**
 * When a process began, in clock ticks since boot: tells it from a later one of the same id.
 * @returns null where the system does not say (it is Linux that does).
 */
export async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // the command's name, in parentheses, may hold blanks; field 22 is the 20th after it
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}
