/** What calibration found, kept for the next run on this machine. */
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '../files/durable-file.js'
import { isObject, isPositiveCount } from '../files/json-value.js'
import { cacheDirectory } from '../models/cache-directory.js'
import type { Device, Provider } from './device.js'
import { type Setting, TOKEN_BUDGETS } from './layout.js'

interface Machine {
  /** Of the model. */
  sha256: string
  threads: number
  /** As asked for. */
  device: Device | undefined
}

export interface Calibration extends Setting {
  /** What it was measured on; with `auto` another may be found later. */
  provider: Provider
}

/** Of what is measured and how; another number makes every machine measure again. */
const VERSION = 1

const BUDGETS = Object.values(TOKEN_BUDGETS).flat()

/** @returns `undefined` where nothing, or nothing that makes sense here, is kept. */
export async function readCalibration(machine: Machine): Promise<Calibration | undefined> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(fileOf(machine), 'utf8'))
  } catch {
    return undefined // measured again: nothing but time is lost
  }
  if (!isObject(value) || Object.entries(describe(machine)).some(([key, own]) => value[key] !== own)) {
    return undefined
  }
  const { sessions, intraThreads, budget, provider } = value
  return isPositiveCount(sessions) &&
    isPositiveCount(intraThreads) &&
    sessions * intraThreads <= machine.threads &&
    BUDGETS.some((each) => each === budget)
    ? { sessions, intraThreads, budget: budget as number, provider: provider as Provider }
    : undefined
}

/** A cache that cannot be written is no error: the next run measures again. */
export async function writeCalibration(machine: Machine, found: Calibration): Promise<void> {
  try {
    await mkdir(directory(), { recursive: true })
    await replaceFile(fileOf(machine), `${JSON.stringify({ ...describe(machine), ...found }, null, 2)}\n`)
  } catch {}
}

function directory(): string {
  return join(cacheDirectory(), 'calibration')
}

function fileOf(machine: Machine): string {
  const key = createHash('sha256')
    .update(JSON.stringify(describe(machine)))
    .digest('hex')
  return join(directory(), `${key.slice(0, 32)}.json`)
}

function describe({ sha256, threads, device }: Machine) {
  return {
    version: VERSION,
    model: sha256,
    threads,
    device: device ? `${device.provider}:${device.id}` : 'auto',
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
  }
}
