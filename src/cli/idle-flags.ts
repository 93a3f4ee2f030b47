/** Flags that would change nothing without another one: who passes one believes that it does something. */
import type { Command } from 'commander'
import { ClaraError } from '../errors.js'

/**
 * @param names of options, as in the values that commander gives. Those that switch something off are let pass.
 * @throws ClaraError `usage` where one was passed.
 */
export function refuseIdle(command: Command, names: readonly string[], needs: string): void {
  const idle = command.options.filter((option) => {
    const name = option.attributeName()
    const value = command.getOptionValue(name)
    const isOff = value === 0 || value === 'none' || value === false
    return names.includes(name) && command.getOptionValueSource(name) === 'cli' && !isOff
  })
  if (idle.length === 0) return
  const flags = idle.map(({ long }) => long).join(', ')
  throw new ClaraError(
    'usage',
    `without ${needs} nothing is done with ${flags}: add the one or leave out the other`,
  )
}
