/** Commands of setup.mjs, and in one line why one failed. */
import '../../dist/runtime/telemetry.js' // the peers' ONNX Runtime inherits it
import { spawnSync } from 'node:child_process'

const UNREACHABLE =
  /NewConnectionError|ProxyError|NameResolutionError|ConnectTimeout|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/
/** What says nothing about the cause. */
const NOISE =
  /^(npm (warn|error (code|errno|syscall|A complete log|\s*at )|notice)|npm error\s*[{}]?$|\[notice\]|hint:|note:|WARNING:|╰|│|$)/
const OLDEST = [3, 11]
const CANDIDATES = ['python3.11', 'python3.12', 'python3.13', 'python3']

/** Runs a command to its end. @throws with one line; ends this process where the command was interrupted. */
export function run(command, args, env = {}) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  if (status === 0) return
  if (signal === 'SIGINT' || status === 130) {
    console.error('interrupted; run again, it goes on')
    process.exit(130)
  }
  const reason = error?.message ?? reasonOf(`${stdout}\n${stderr}`) ?? `ended with ${signal ?? status}`
  throw new Error(`${command.split('/').at(-1)} ${args.slice(0, 3).join(' ')}: ${reason}`)
}

function reasonOf(text) {
  if (UNREACHABLE.test(text)) return 'the package registry cannot be reached'
  const lines = text.split('\n').map((line) => line.trim())
  const telling = lines.filter((line) => !NOISE.test(line))
  return telling.findLast((line) => /error/i.test(line)) ?? telling.at(-1)
}

/** The interpreter that was asked for, or the first that is there and new enough. @throws where there is none. */
export function findPython(wanted) {
  const found = (wanted ? [wanted] : CANDIDATES).map((name) => ({ name, version: versionOf(name) }))
  const usable = found.find(({ version }) => version && newEnough(version))
  if (usable) return usable.name
  const tried = found.map(({ name, version }) => `${name}: ${version?.join('.') ?? 'not here'}`)
  throw new Error(`Python ${OLDEST.join('.')} or newer is needed (--python PATH); ${tried.join(', ')}`)
}

function versionOf(python) {
  const script = 'import sys; print(*sys.version_info[:2])'
  const { status, stdout } = spawnSync(python, ['-c', script], { encoding: 'utf8' })
  return status === 0 ? stdout.trim().split(' ').map(Number) : undefined
}

function newEnough([major, minor]) {
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}
