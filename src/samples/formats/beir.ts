/** A BEIR folder: corpus.jsonl, queries.jsonl, qrels/train.tsv. Holds the ids of its passages in memory. */
import { dirname, join } from 'node:path'
import { disk } from '../../files/disk.js'
import { DurableFile, sha256, syncDirectory } from '../../files/durable-file.js'
import type { Columns } from '../../files/parquet-file.js'
import { byRole, type Passage } from './by-role.js'
import { RowFile } from './row-file.js'
import type { SampleFile } from './sample-file.js'

const CORPUS: Columns = { _id: 'string', title: 'string', text: 'string' }
const QUERIES: Columns = { _id: 'string', text: 'string' }

/** @param path of the folder, which must not be there. */
export async function openBeir(path: string, parquet: boolean): Promise<SampleFile> {
  const { corpus, queries, qrels } = await createFiles(path, parquet)
  const passageIds = new Set<string>()
  const queryIds = new Set<string>()
  await qrels.write('query-id\tcorpus-id\tscore\n')

  const judge = async (query: string, passage: Passage, grade: 0 | 1) => {
    const id = passageId(passage)
    if (!passageIds.has(id)) {
      passageIds.add(id)
      await corpus.write({ _id: id, title: '', text: passage.text }) // a title is part of the text
    }
    await qrels.write(`${field(query)}\t${field(id)}\t${grade}\n`)
  }

  return {
    async write(sample) {
      const { question_id, source } = sample.provenance
      const { question, positives, negatives } = byRole(sample)
      const id = queryIds.has(question_id) ? `${question_id}@${source}` : question_id
      queryIds.add(id)
      await queries.write({ _id: id, text: question })
      for (const passage of positives) await judge(id, passage, 1)
      for (const passage of negatives) await judge(id, passage, 0)
    },
    async close() {
      for (const file of [corpus, queries, qrels]) await file.close()
      for (const folder of [join(path, 'qrels'), path, dirname(path)]) await syncDirectory(folder)
      return { passages: corpus.rows, queries: queries.rows }
    },
    async abandon() {
      await Promise.all([corpus, queries, qrels].map((file) => file.abandon()))
    },
  }
}

async function createFiles(path: string, parquet: boolean) {
  await disk.mkdir(path)
  await disk.mkdir(join(path, 'qrels'))
  const open: { abandon(): Promise<void> }[] = []
  const opened = <T extends { abandon(): Promise<void> }>(file: T): T => {
    open.push(file)
    return file
  }
  try {
    return {
      corpus: opened(await RowFile.create(join(path, 'corpus'), CORPUS, parquet)),
      queries: opened(await RowFile.create(join(path, 'queries'), QUERIES, parquet)),
      qrels: opened(await DurableFile.create(join(path, 'qrels', 'train.tsv'))),
    }
  } catch (error) {
    await Promise.all(open.map((file) => file.abandon()))
    throw error
  }
}

/** The chunk's, or the text's own. */
function passageId({ chunkId, text }: Passage): string {
  return chunkId ?? `sha256-${sha256(Buffer.from(text)).slice(0, 32)}`
}

/** Quoted only where a reader of TSV would get it wrong otherwise. */
function field(id: string): string {
  return /^"|[\t\r\n]/.test(id) ? `"${id.replaceAll('"', '""')}"` : id
}
