/** How to bring a model over where no hub can be reached: which files, from where, to where, and what to run then. */
import { type CatalogueEntry, entryFiles } from './catalogue.js'
import { HUBS } from './hub-settings.js'
import { modelScopePage } from './modelscope.js'

/** Folders of the repository on each hub, in which the paths of its files begin. */
export function fileFolders({ repository, revision }: CatalogueEntry): string[] {
  const { huggingface, 'hf-mirror': mirror, modelscope } = HUBS
  const folder = `${repository}/resolve/${revision ?? 'main'}/`
  return [
    `${huggingface}/${folder}`,
    `${mirror}/${folder}`,
    modelScopePage(new URL(modelscope), repository).href,
  ]
}

/**
 * @param failed the hub that could not help.
 * @returns lines to print below what went wrong.
 */
export function adviseByHand(entry: CatalogueEntry, failed?: URL): string[] {
  const others = Object.entries(HUBS).filter(([, url]) => new URL(url).host !== failed?.host)
  const flags = others.map(([name]) => `--endpoint ${name}`).join(', or ')
  const files = entryFiles(entry)
  const sizes = files.map(({ bytes }) => (bytes === undefined ? 'size unknown' : `${bytes} bytes`))
  const width = Math.max(...files.map(({ path }) => path.length))
  return [
    `another hub: ${flags}; the bytes are checked whoever sends them`,
    `by hand: on a machine that reaches one, fetch these ${files.length} files`,
    ...files.map(({ path }, i) => `  ${path.padEnd(width)}  ${sizes[i]}`),
    'each below one of',
    ...fileFolders(entry).map((folder) => `  ${folder}`),
    `into a folder ${entry.name} (with subfolders or without), bring it here, and run`,
    `  clara-models pull ${entry.name} --from-dir ${entry.name}`,
  ]
}
