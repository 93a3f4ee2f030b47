/** Where downloaded models and what was measured on this machine are kept. */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** `CLARA_CACHE_DIR`, else the platform's own place for what can be had again. */
export function cacheDirectory(): string {
  const { CLARA_CACHE_DIR, XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (CLARA_CACHE_DIR) return CLARA_CACHE_DIR
  if (process.platform === 'win32')
    return join(LOCALAPPDATA ?? join(homedir(), 'AppData/Local'), 'clara-topk')
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/clara-topk')
  return join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'clara-topk')
}

/** One folder a model, named as in the catalogue. */
export function modelDirectory(name: string): string {
  return join(cacheDirectory(), 'models', name)
}

/** What a pull keeps until a model is whole: hidden, beside the model's place, on its file system. */
export function partialDirectory(name: string): string {
  return join(cacheDirectory(), 'models', `.${name}.partial`)
}

export function modelLock(name: string): string {
  return join(cacheDirectory(), 'models', `.${name}.lock`)
}
