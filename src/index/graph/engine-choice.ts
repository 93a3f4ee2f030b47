/** Which engine graphs run on: the native one where it is there, unless CLARA_INDEX_ENGINE says otherwise. */
import { ClaraError } from '../../errors.js'
import { type NativeAddon, nativeAddon } from './native-addon.js'

type EngineChoice = { why: string } & ({ engine: 'npm' } | { engine: 'native'; addon: NativeAddon })

/** @throws ClaraError `usage` when CLARA_INDEX_ENGINE asks for one that is not there. */
export function chooseEngine(): EngineChoice {
  const asked = process.env.CLARA_INDEX_ENGINE || 'auto'
  if (asked === 'npm') return { engine: 'npm', why: 'CLARA_INDEX_ENGINE=npm' }
  if (asked !== 'auto' && asked !== 'native') {
    throw new ClaraError('usage', `CLARA_INDEX_ENGINE=${asked}: expected auto, native or npm`)
  }
  const native = nativeAddon()
  if ('addon' in native) {
    const { addon, from } = native
    return { engine: 'native', why: `${from}, ${addon.kernels}`, addon }
  }
  if (asked === 'native') throw new ClaraError('usage', `CLARA_INDEX_ENGINE=native: ${native.missing}`)
  return { engine: 'npm', why: native.missing }
}
