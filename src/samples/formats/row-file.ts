/** Rows -> JSON Lines and, where it is wanted, the same rows as Parquet. */
import { DurableFile } from '../../files/durable-file.js'
import { type Columns, ParquetFile } from '../../files/parquet-file.js'
import { toJson } from '../../files/well-formed.js'

export class RowFile {
  #rows = 0

  private constructor(
    private readonly jsonl: DurableFile,
    private readonly parquet: ParquetFile | undefined,
  ) {}

  /**
   * Creates `path`.jsonl and, for `parquet`, `path`.parquet. Throws EEXIST where there is one.
   * @param columns what rows hold, in their order.
   */
  static async create(path: string, columns: Columns, parquet: boolean): Promise<RowFile> {
    const jsonl = await DurableFile.create(`${path}.jsonl`)
    try {
      return new RowFile(jsonl, parquet ? await ParquetFile.create(`${path}.parquet`, columns) : undefined)
    } catch (error) {
      await jsonl.abandon()
      throw error
    }
  }

  /** Rows so far. */
  get rows(): number {
    return this.#rows
  }

  async write(row: object): Promise<void> {
    const line = `${toJson(row)}\n`
    await this.jsonl.write(line)
    await this.parquet?.write(row, line.length)
    this.#rows++
  }

  async close(): Promise<void> {
    await this.jsonl.close()
    await this.parquet?.close()
  }

  async abandon(): Promise<void> {
    await Promise.all([this.jsonl.abandon(), this.parquet?.abandon()])
  }
}
