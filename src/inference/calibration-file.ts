/** What calibration found, kept for the next run on this machine. */
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '../files/durable-file.js'
import { isObject } from '../files/jsonl.js'
import { cacheDirectory } from '../models/cache-directory.js'
import type { Device } from './device.js'
import type { Setting } from './layout.js'

export interface Machine {
  /** Of the model. */
  sha256: string
  threads: number
  /** As asked for. */
  device: Device | undefined
}

/** Of what is measured and how; another number makes every machine measure again. */
const VERSION = 1

/** @returns `undefined` where nothing, or nothing that makes sense, is kept. */
export async function readCalibration(machine: Machine): Promise<Setting | undefined> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(fileOf(machine), 'utf8'))
  } catch {
    return undefined // measured again: nothing but time is lost
  }
  if (!isObject(value)) return undefined
  const { sessions, intraThreads, budget } = value
  if (![sessions, intraThreads, budget].every((n) => Number.isSafeInteger(n) && (n as number) > 0))
    return undefined
  const setting = { sessions, intraThreads, budget } as Setting
  return setting.sessions * setting.intraThreads <= machine.threads ? setting : undefined
}

/** A cache that cannot be written is no error: the next run measures again. */
export async function writeCalibration(machine: Machine, setting: Setting): Promise<void> {
  try {
    await mkdir(directory(), { recursive: true })
    await replaceFile(fileOf(machine), `${JSON.stringify({ ...describe(machine), ...setting }, null, 2)}\n`)
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
