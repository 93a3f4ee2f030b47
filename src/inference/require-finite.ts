import { ClaraError } from '../errors.js'

/**
 * @param rows row-major, `size` numbers each.
 * @throws ClaraError `model` that names the first row with a number that is none.
 */
export function requireFinite(rows: Float32Array, size: number, nameOf: (row: number) => string): void {
  for (let i = 0; i < rows.length; i++) {
    if (Number.isFinite(rows[i]!)) continue
    throw new ClaraError('model', `the model gave ${rows[i]} for ${nameOf(Math.floor(i / size))}`)
  }
}
