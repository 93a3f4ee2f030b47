/** Bytes written as visible characters, as GPT-2 does it (openai/gpt-2, encoder.py). */
const CHARACTERS = characters()

export function byteCharacters(text: string): string {
  let out = ''
  for (const byte of Buffer.from(text, 'utf8')) out += CHARACTERS[byte]
  return out
}

/** Visible bytes of Latin-1 stand for themselves; the others follow from U+0100. */
function characters(): string[] {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const visible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    return String.fromCharCode(visible ? byte : next++)
  })
}
