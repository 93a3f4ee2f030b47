/** A hash table of pairs of whole numbers >= 0: a Map would need a key made for every look-up. */
export class PairTable {
  private slots: Int32Array
  private mask: number
  private size = 0

  constructor(expected: number) {
    let capacity = 16
    while (capacity < expected * 2) capacity *= 2
    this.mask = capacity - 1
    this.slots = new Int32Array(capacity * 4).fill(-1)
  }

  /** Four numbers a slot: the pair and its two values. */
  set(a: number, b: number, value: number, second = 0): void {
    if ((this.size + 1) * 2 > this.mask + 1) this.grow()
    const at = this.find(a, b)
    if (this.slots[at] === -1) this.size++
    this.slots[at] = a
    this.slots[at + 1] = b
    this.slots[at + 2] = value
    this.slots[at + 3] = second
  }

  /** The first value, or -1. */
  get(a: number, b: number): number {
    return this.slots[this.find(a, b) + 2]!
  }

  second(a: number, b: number): number {
    return this.slots[this.find(a, b) + 3]!
  }

  private find(a: number, b: number): number {
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)
    hash ^= hash >>> 15
    for (let slot = hash & this.mask; ; slot = (slot + 1) & this.mask) {
      const at = slot * 4
      const held = this.slots[at]
      if (held === -1 || (held === a && this.slots[at + 1] === b)) return at
    }
  }

  private grow(): void {
    const old = this.slots
    this.mask = (this.mask + 1) * 2 - 1
    this.slots = new Int32Array((this.mask + 1) * 4).fill(-1)
    for (let at = 0; at < old.length; at += 4) {
      if (old[at] === -1) continue
      this.slots.set(old.subarray(at, at + 4), this.find(old[at]!, old[at + 1]!))
    }
  }
}
