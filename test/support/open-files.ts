/** Paths of the files that this process has open. Linux only. */
import { readdir, readlink } from 'node:fs/promises'

export async function openFiles(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd')
  return Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
}
