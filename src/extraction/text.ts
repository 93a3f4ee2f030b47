/** Plain text: as it is. */
import { decodeText } from '../files/decode-text.js'
import type { Parser } from './parsed.js'

export const parseText: Parser = async (bytes) => ({ markdown: decodeText(bytes).trim(), images: [] })
