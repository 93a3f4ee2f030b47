import '../dist/runtime/telemetry.js' // for the peers too, which inherit it
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'

/** What a result was measured on, as it is kept with the result. */
export function machine() {
  return {
    cpu: cpus()[0]?.model,
    flags: cpuFlags(),
    cores: availableParallelism(),
    gib: Math.round(totalmem() / 2 ** 30),
  }
}

/** The head of a result that is kept: when, and on what. */
export function measuredOn() {
  return { date: new Date().toISOString().slice(0, 10), machine: machine(), node: process.version }
}

/** Those that decide how fast a model runs. */
function cpuFlags() {
  if (!existsSync('/proc/cpuinfo')) return 'unknown'
  const known = ['avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'avx512_bf16', 'amx_int8']
  const words =
    readFileSync('/proc/cpuinfo', 'utf8')
      .match(/^flags.*$/m)?.[0]
      .split(/\s+/) ?? []
  return known.filter((flag) => words.includes(flag)).join(' ')
}
