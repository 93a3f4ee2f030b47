/** Counts lines that are not blank, however they are cut into blocks. */
export class RowCount {
  rows = 0
  #blank = true

  add(block: Uint8Array): void {
    for (const byte of block) {
      if (byte === 0x0a) this.#blank = true
      else if (this.#blank && byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) {
        this.#blank = false
        this.rows++
      }
    }
  }
}
