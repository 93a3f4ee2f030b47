import type { Parser } from './parsed.js'
export const parsePdf: Parser = async () => ({ markdown: '', images: [] })
