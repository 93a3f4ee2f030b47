/** What every parser makes of a file, and what it may take for that. */

/** A file's text as Markdown, with `[IMAGE_REF: name]` where its images stand. */
export interface ParsedDocument {
  markdown: string
  /** In the order of their first marks. */
  images: ParsedImage[]
}

export interface ParsedImage {
  /** Unique in the document, a plain file name with an extension that fits the bytes: `image-1.png`. */
  name: string
  bytes: Uint8Array
}

export interface ParseLimits {
  /** Bytes that an archive's entries may have together, unpacked. */
  unpackedBytes: number
  /** Entries of an archive. */
  entries: number
}

/** Reads a file by its address relative to the document. @returns undefined of what is not to be had. */
export type Beside = (address: string) => Promise<Uint8Array | undefined>

/**
 * Runs in a process of its own, which may be killed: it need not watch the clock.
 * @param beside of files that refer to images beside them; none: those are left alone.
 * @throws ClaraError `input` with what is wrong with the file: damaged, encrypted, over a limit.
 */
export type Parser = (bytes: Uint8Array, limits: ParseLimits, beside?: Beside) => Promise<ParsedDocument>

/** As it stands in Markdown; `clara-synth` puts the image's description in its place. */
export function imageMark(name: string): string {
  return `[IMAGE_REF: ${name}]`
}
