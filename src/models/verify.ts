/** Are a model's files those of its card? */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno, messageOf } from '../errors.js'
import type { ModelCard } from './card.js'
import { difference, identify, impostor, impostorMessage } from './contents.js'
import { locateModel } from './resolve.js'

export interface LocatedModel {
  folder: string
  card: ModelCard
}

export interface Finding {
  /** In the model's folder. */
  path: string
  reason: string
}

/** A check of a model. The first is of its bytes; later ones may count on them. */
export type VerifyStep = (model: LocatedModel) => Promise<Finding[]>

export interface Verification {
  name: string
  folder: string
  files: number
  findings: Finding[]
}

/**
 * Runs the steps in order, up to the first that finds something.
 * @throws ClaraError `model` when there is no such model, or its card is not right.
 */
export async function verifyModel(nameOrPath: string, steps: readonly VerifyStep[]): Promise<Verification> {
  const model = await locateModel(nameOrPath)
  let findings: Finding[] = []
  for (const step of steps) {
    findings = await step(model)
    if (findings.length > 0) break
  }
  return { name: model.card.name, folder: model.folder, files: model.card.files.length, findings }
}

/** Sizes and sha256 of every file of the card. */
export const hashFiles: VerifyStep = async ({ folder, card }) => {
  const findings: Finding[] = []
  for (const file of card.files) {
    const reason = await wrongFile(join(folder, file.path), file)
    if (reason) findings.push({ path: file.path, reason })
  }
  return findings
}

async function wrongFile(
  path: string,
  expected: { path: string; bytes: number; sha256: string },
): Promise<string | undefined> {
  try {
    const { size } = await stat(path)
    const found = size === expected.bytes ? await identify(path) : { bytes: size, sha256: '' }
    const wrong = difference(expected, found)
    const kind = wrong && (await impostor(path))
    return kind ? impostorMessage(kind, wrong) : wrong
  } catch (error) {
    if (!isErrno(error)) throw error
    return error.code === 'ENOENT' ? 'missing' : `cannot be read: ${messageOf(error)}`
  }
}
