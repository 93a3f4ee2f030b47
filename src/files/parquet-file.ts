/** Rows -> a Parquet file, a row group at a time. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { DurableFile } from './durable-file.js'

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema']

/** Plural: a list. Each value, list and element may be null. */
type ColumnType = 'string' | 'strings' | 'int' | 'ints' | 'double' | 'doubles'

/** Names and types, in their order. */
export type Columns = Readonly<Record<string, ColumnType>>

/** A row group ends with the row that reaches one of them; the second as the caller measures rows. */
const GROUP_ROWS = 20_000
const GROUP_SIZE = 8 << 20

/** Holds one row group in memory, and a few hundred bytes for each before it. Errors as DurableFile. */
export class ParquetFile {
  #bytes = new ByteWriter()
  #parquet: ParquetWriter
  #rows: object[] = []
  #size = 0

  private constructor(
    private readonly file: DurableFile,
    private readonly columns: Columns,
  ) {
    this.#parquet = new ParquetWriter({ writer: this.#bytes, schema: schemaOf(columns) })
  }

  /** Creates the file. Throws EEXIST where there is one. */
  static async create(path: string, columns: Columns): Promise<ParquetFile> {
    return new ParquetFile(await DurableFile.create(path), columns)
  }

  /**
   * @param row holds a value of its type for each column; what is missing is null.
   * @param size about how much text it holds.
   */
  async write(row: object, size: number): Promise<void> {
    this.#rows.push(row)
    this.#size += size
    if (this.#rows.length >= GROUP_ROWS || this.#size >= GROUP_SIZE) await this.#endGroup()
  }

  /** The file is whole and on disk when this returns. */
  async close(): Promise<void> {
    try {
      await this.#endGroup()
      this.#parquet.finish()
      await this.#drain()
    } catch (error) {
      await this.abandon()
      throw error
    }
    await this.file.close()
  }

  /** Closes without a promise that anything is on disk. For error paths. */
  abandon(): Promise<void> {
    return this.file.abandon()
  }

  async #endGroup(): Promise<void> {
    const rows = this.#rows as Record<string, unknown>[]
    if (rows.length === 0) return
    this.#parquet.write({
      columnData: Object.entries(this.columns).map(([name, type]) => ({
        name,
        data: rows.map((row) => stored(row[name] ?? null, type)),
      })),
      rowGroupSize: rows.length,
    })
    this.#rows = []
    this.#size = 0
    await this.#drain()
  }

  /** The writer goes on counting its offset; its buffer is ours to empty. */
  async #drain(): Promise<void> {
    await this.file.write(this.#bytes.getBytes().slice())
    this.#bytes.index = 0
  }
}

/** Whole numbers are 64 bits wide, as `datasets` makes them of JSON, and the writer wants bigints for that. */
function stored(value: unknown, type: ColumnType): unknown {
  if (type === 'int') return value === null ? null : BigInt(value as number)
  if (type === 'ints') return (value as (number | null)[] | null)?.map((each) => stored(each, 'int')) ?? null
  return value
}

function schemaOf(columns: Columns): Schema {
  const entries = Object.entries(columns)
  return [
    { name: 'root', num_children: entries.length },
    ...entries.flatMap(([name, type]): Schema => {
      if (!type.endsWith('s')) return [leaf(name, type)]
      return [
        { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        leaf('element', type.slice(0, -1)),
      ]
    }),
  ]
}

function leaf(name: string, type: string): Schema[number] {
  const repetition_type = 'OPTIONAL'
  if (type === 'string') return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type }
  return { name, type: type === 'int' ? 'INT64' : 'DOUBLE', repetition_type }
}
