/** Parses what the state does not have yet, several files at once. */
import { stat } from 'node:fs/promises'
import { messageOf } from '../errors.js'
import { digestFile } from '../files/durable-file.js'
import type { InputFile } from '../files/walk.js'
import { repairText } from '../files/well-formed.js'
import { type ChildLimits, startChildren } from './children.js'
import type { ParseReply } from './parse.child.js'
import type { ParseLimits } from './parsed.js'
import { keyOf, type State } from './state.js'

export interface ParseSettings extends ChildLimits {
  limits: ParseLimits
  /** Files at once. */
  concurrency: number
  /** A server in place of our own parsers, for files that it reads. */
  convert?: Converter | undefined
}

export interface Converter {
  /** What tells its results from another's. */
  name: string
  reads(path: string): boolean
  convert(path: string, imageFolder: string | undefined): Promise<ParseReply>
}

/** Where in the state each file is; a file that cannot be read has a reason instead. */
export type Parsed = Map<InputFile, { key: string } | { problem: string }>

/** @returns how many files were found in the state, too. */
export async function parseFiles(
  files: readonly InputFile[],
  state: State,
  settings: ParseSettings,
  inputDir: string,
  keepsImages: boolean,
  onDone: (done: number) => void,
): Promise<{ parsed: Parsed; resumed: number }> {
  const parsed: Parsed = new Map()
  const children = startChildren(settings)
  const imageFolder = keepsImages ? state.imageFolder : undefined
  let [next, resumed] = [0, 0]
  const work = async () => {
    for (let file = files[next++]; file; file = files[next++]) {
      const key = await keyFor(file, settings, keepsImages)
      if ('problem' in key) parsed.set(file, key)
      else {
        parsed.set(file, key)
        if (state.has(key.key)) resumed++
        else await state.keep(key.key, wellFormed(await parseOne(file)))
      }
      onDone(parsed.size)
    }
  }
  const parseOne = ({ path }: InputFile): Promise<ParseReply> =>
    settings.convert?.reads(path)
      ? settings.convert.convert(path, imageFolder)
      : children.parse({ path, limits: settings.limits, imageFolder, inputDir })
  try {
    await Promise.all(Array.from({ length: settings.concurrency }, work))
    return { parsed, resumed }
  } finally {
    children.close()
  }
}

/** An entity or a font may name half of a surrogate pair. */
function wellFormed(reply: ParseReply): ParseReply {
  if ('problem' in reply) return reply
  const { text: markdown, repaired } = repairText(reply.document.markdown)
  return repaired === 0 ? reply : { document: { ...reply.document, markdown, repaired } }
}

/** What failed at a limit is tried again with another. */
async function keyFor(
  file: InputFile,
  { limits, timeoutMs, memoryMib, convert }: ParseSettings,
  keepsImages: boolean,
): Promise<{ key: string } | { problem: string }> {
  try {
    const { size } = await stat(file.path)
    if (size > memoryMib * 2 ** 20) {
      return { problem: `is larger than ${memoryMib} MiB (--memory-mib)` }
    }
    const by = convert?.reads(file.path) ? convert.name : 'built-in'
    return {
      key: keyOf(await digestFile(file.path), file.name, {
        by,
        ...limits,
        timeoutMs,
        memoryMib,
        keepsImages,
      }),
    }
  } catch (error) {
    return { problem: `cannot be read: ${messageOf(error)}` }
  }
}
