/**
 * Keeps ONNX Runtime from reporting to its vendor. From 1.29 on its builds for Linux and macOS read the machine's id and the
 * command line when the first session is made, write an identifier and a database into the user's cache, and upload events;
 * they crash on command lines of 30,000 characters. ORT_DISABLE_TELEMETRY in the environment of the process stops all of it.
 * A user who has set the variable, to anything, is left alone.
 *
 * Every module by which a program comes in imports this one first, and so does the only one that loads ONNX Runtime.
 */
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads'
import { ClaraError } from '../errors.js'
import { loadAddon } from './addon.js'

const VARIABLE = 'ORT_DISABLE_TELEMETRY'
/** Worker threads inherit it from the thread that starts them: there is nothing left to do. */
const SETTLED = 'clara-topk: telemetry is settled'

if (getEnvironmentData(SETTLED) !== true) {
  process.env[VARIABLE] ??= '1'
  if (process.platform !== 'win32') setForNativeCode(process.env[VARIABLE]) // whose builds heed no variable
  setEnvironmentData(SETTLED, true)
}

/**
 * `process.env` is a copy that native code does not see in a worker thread, in a test runner that stands in for `process`,
 * and where a program has replaced it (nodejs/node#46996).
 */
function setForNativeCode(value: string): void {
  const found = loadAddon()
  if ('addon' in found) process.env[VARIABLE] = found.addon.environmentDefault(VARIABLE, value)
  else if (!isMainThread)
    throw new ClaraError(
      'usage',
      `clara-topk is imported in a worker thread, which cannot set ${VARIABLE} for ONNX Runtime without the native addon (${found.missing}): import clara-topk on the main thread, before the worker is started`,
    )
}
