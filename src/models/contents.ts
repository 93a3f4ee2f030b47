/** What a file that claims to be a model's in fact is. */
import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { digestFile, type FileDigest } from '../files/durable-file.js'

export interface Identity extends FileDigest {
  /** Only where it was asked for. */
  gitOid?: string
}

/** As far as it is known. */
export interface Expected {
  path: string
  bytes?: number
  sha256?: string
  gitOid?: string
}

/** Hashes in one pass, with git's own hash of a blob if wanted. */
export async function identify(path: string, { gitOid = false } = {}): Promise<Identity> {
  const git = gitOid ? createHash('sha1').update(`blob ${(await stat(path)).size}\0`) : undefined
  return { ...(await digestFile(path, git)), ...(git && { gitOid: git.digest('hex') }) }
}

/** @returns what tells the two apart, or undefined. */
export function difference(expected: Expected, found: Identity): string | undefined {
  if (expected.bytes !== undefined && expected.bytes !== found.bytes) {
    return `${found.bytes} bytes, expected ${expected.bytes}`
  }
  if (expected.sha256 !== undefined && expected.sha256 !== found.sha256) {
    return `sha256 ${found.sha256}, expected ${expected.sha256}`
  }
  if (expected.gitOid !== undefined && expected.gitOid !== found.gitOid) {
    return `git object ${found.gitOid}, expected ${expected.gitOid}`
  }
  return undefined
}

/** What is often there in a model's place. */
export async function impostor(path: string): Promise<'lfs-pointer' | 'html' | undefined> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0)
    const head = buffer.toString('latin1', 0, bytesRead)
    if (head.startsWith('version https://git-lfs.github.com/spec/v1')) return 'lfs-pointer'
    return /^\s*<(!doctype\s+html|html)\b/i.test(head) ? 'html' : undefined
  } finally {
    await handle.close()
  }
}

export function impostorMessage(kind: 'lfs-pointer' | 'html', what: string): string {
  return kind === 'lfs-pointer'
    ? `${what}: a Git LFS pointer, not the file itself: run "git lfs pull" where the folder was cloned, or download from a hub that serves LFS files`
    : `${what}: an HTML page, not the file: a login page, or an error page of a proxy or mirror; look at it in a browser`
}
