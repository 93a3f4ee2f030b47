/** Writes ONNX graphs (field numbers: onnx/onnx.proto). */

/** Of TensorProto.DataType. */
const TYPES = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const
type Type = keyof typeof TYPES

const OPSET = 17
const IR_VERSION = 8
const ATTRIBUTE_INT = 2
const ATTRIBUTE_INTS = 7

/** A part of the file, as bytes. */
type Part = Buffer

interface Graph {
  nodes: Part[]
  inputs: Part[]
  outputs: Part[]
  constants?: Part[]
}

export function model({ nodes, inputs, outputs, constants = [] }: Graph): Uint8Array {
  const graph = Buffer.concat([
    ...nodes.map((each) => field(1, each)),
    field(2, 'search'),
    ...constants.map((each) => field(5, each)),
    ...inputs.map((each) => field(11, each)),
    ...outputs.map((each) => field(12, each)),
  ])
  return Buffer.concat([field(1, IR_VERSION), field(7, graph), field(8, field(2, OPSET))])
}

/** A number among the attributes is one integer, an array several. */
export function node(
  operator: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, number | number[]> = {},
): Part {
  return Buffer.concat([
    ...inputs.map((name) => field(1, name)),
    ...outputs.map((name) => field(2, name)),
    field(4, operator),
    ...Object.entries(attributes).map(([name, value]) => field(5, attribute(name, value))),
  ])
}

function attribute(name: string, value: number | number[]): Part {
  return typeof value === 'number'
    ? Buffer.concat([field(1, name), field(3, value), field(20, ATTRIBUTE_INT)])
    : Buffer.concat([field(1, name), ...value.map((each) => field(8, each)), field(20, ATTRIBUTE_INTS)])
}

/** An input or output; a size that is a name is open. */
export function value(name: string, type: Type, shape: (number | string)[]): Part {
  const sizes = shape.map((size) => field(1, field(typeof size === 'number' ? 1 : 2, size)))
  const tensor = Buffer.concat([field(1, TYPES[type]), field(2, Buffer.concat(sizes))])
  return Buffer.concat([field(1, name), field(2, field(1, tensor))])
}

export function constant(name: string, type: Type, shape: number[], bytes: Uint8Array): Part {
  const sizes = shape.map((size) => field(1, size))
  return Buffer.concat([...sizes, field(2, TYPES[type]), field(8, name), field(9, bytes)])
}

/** A number is a varint, anything else has a length. */
function field(number: number, content: number | string | Uint8Array): Part {
  if (typeof content === 'number') return Buffer.concat([varint(number * 8), varint(content)])
  const bytes = Buffer.from(content)
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

function varint(value: number): Part {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}
