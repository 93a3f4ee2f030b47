/** The command line that this process was started with, to be shown and run again. No secret of it is shown. */
import { basename } from 'node:path'
import { maskedUrl } from '../files/masked-url.js'

/** @param more flags that it should have besides. */
export function commandLine({ more }: { more: string[] }): string {
  return lineOf(
    process.argv,
    more.filter((flag) => !process.argv.includes(flag)),
  )
}

function lineOf([, program = '', ...args]: string[], more: string[]): string {
  const flags = [...args, ...more]
  return [basename(program, '.js'), ...flags.map((arg, at) => shown(arg, flags[at - 1]))].join(' ')
}

/** As commandLine, with another value of a flag that takes one. */
export function commandLineWith(flag: string, value: string): string {
  const [node = '', program = '', ...args] = process.argv
  const at = args.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`))
  const kept = at < 0 ? args : args.toSpliced(at, args[at] === flag ? 2 : 1)
  return lineOf([node, program, ...kept], [flag, value])
}

/** An address that holds a secret is left to the environment. */
function shown(arg: string, before: string | undefined): string {
  const flag = /^--base[-_]url=/.exec(arg)?.[0] ?? ''
  const isUrl = flag !== '' || /^--base[-_]url$/.test(before ?? '')
  const url = arg.slice(flag.length)
  return isUrl && maskedUrl(url) !== url ? `${flag}"$OPENAI_BASE_URL"` : quoted(arg)
}

/** As a POSIX shell takes it for one word. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
