/** Every call that changes files of ours goes through here: the one place where a test can make any of them fail. */
import { mkdir, open, rename, rm, rmdir, truncate } from 'node:fs/promises'

/** A file opened here is written, synced and closed through its handle. */
export const disk = { mkdir, open, rename, rm, rmdir, truncate }
