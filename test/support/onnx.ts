/** Writes ONNX graphs by hand (field numbers: onnx/onnx.proto), right ones and wrong ones. */

export function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0))
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return Buffer.from(bytes)
}

/** A field: a number is a varint, anything else has a length. */
export function field(number: number, content: number | string | Buffer): Buffer {
  if (typeof content === 'number') return Buffer.concat([varint(number * 8), varint(content)])
  const bytes = Buffer.from(content)
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

const message = (...fields: Buffer[]) => Buffer.concat(fields)

export const TYPES = { float: 1, int32: 6, int64: 7, string: 8, double: 11 } as const

/** A number is a fixed size. */
export function value(name: string, type: keyof typeof TYPES, shape: (number | string)[]): Buffer {
  const dims = shape.map((size) => field(1, field(typeof size === 'number' ? 1 : 2, size)))
  return message(
    field(1, name),
    field(2, field(1, message(field(1, TYPES[type]), field(2, message(...dims))))),
  )
}

export function intsAttribute(name: string, values: number[]): Buffer {
  return field(5, message(field(1, name), ...values.map((each) => field(8, each)), field(20, 7)))
}

export function intAttribute(name: string, number: number): Buffer {
  return field(5, message(field(1, name), field(3, number), field(20, 2)))
}

export function node(operator: string, inputs: string[], outputs: string[], ...attributes: Buffer[]): Buffer {
  const names = [...inputs.map((name) => field(1, name)), ...outputs.map((name) => field(2, name))]
  return message(...names, field(4, operator), ...attributes)
}

export interface Graph {
  nodes: Buffer[]
  inputs: Buffer[]
  outputs: Buffer[]
  /** More fields of the graph. */
  more?: Buffer[]
}

export function graph({ nodes, inputs, outputs, more = [] }: Graph): Buffer {
  return message(
    ...nodes.map((each) => field(1, each)),
    field(2, 'graph'),
    ...more,
    ...inputs.map((each) => field(11, each)),
    ...outputs.map((each) => field(12, each)),
  )
}

export function model(content: Graph | Buffer, ...more: Buffer[]): Buffer {
  const body = Buffer.isBuffer(content) ? content : graph(content)
  return message(field(1, 8), field(7, body), field(8, field(2, 17)), ...more)
}

/** A tensor whose numbers lie in another file; `fields` in any order. */
export function externalTensor(name: string, ...entries: [string, string][]): Buffer {
  const external = entries.map(([key, text]) => field(13, message(field(1, key), field(2, text))))
  return message(field(1, 1), field(2, TYPES.float), field(8, name), ...external, field(14, 1))
}
