/** What an ONNX file says of itself without being loaded (field numbers: onnx/onnx.proto). */
import { ClaraError, messageOf } from '../errors.js'
import { type Field, ProtobufFile } from './protobuf.js'

export interface OnnxFile {
  operators: Set<string>
  inputs: string[]
  /** A dimension without a fixed size is `undefined`. */
  outputs: { name: string; shape: (number | undefined)[] }[]
  /** Files beside it that hold weights, as the graph names them. */
  externalFiles: Set<string>
}

const GIT_LFS = 'version https://git-lfs'
/** Graphs inside of If and Loop; a deeper nest is no model. */
const MOST_NESTED = 8

/** @throws ClaraError `model` when it is a Git-LFS pointer or no ONNX file. */
export function readOnnxFile(path: string): OnnxFile {
  let file: ProtobufFile
  try {
    file = new ProtobufFile(path)
  } catch (error) {
    throw new ClaraError('model', `${path}: cannot be read: ${messageOf(error)}`, { cause: error })
  }
  try {
    requireContent(file, path)
    const found: OnnxFile = { operators: new Set(), inputs: [], outputs: [], externalFiles: new Set() }
    for (const field of file.fields(0, file.size)) {
      if (field.number === 7) readGraph(file, field, found, 0)
      else if (field.number === 25) readFunction(file, field, found)
    }
    if (found.operators.size === 0) throw new RangeError('no operators')
    return found
  } catch (error) {
    if (error instanceof ClaraError) throw error
    const reason = error instanceof RangeError ? 'is no ONNX file, or a part of one' : 'cannot be read'
    throw new ClaraError('model', `${path}: ${reason}: ${messageOf(error)}`, { cause: error })
  } finally {
    file.close()
  }
}

function requireContent(file: ProtobufFile, path: string): void {
  const start = { number: 0, value: 0, start: 0, end: Math.min(file.size, GIT_LFS.length) }
  if (file.text(start) === GIT_LFS) {
    throw new ClaraError(
      'model',
      `${path}: is a Git-LFS pointer, not the file: run "git lfs pull" in its repository, or clara-models pull`,
    )
  }
}

function readGraph(file: ProtobufFile, graph: Field, found: OnnxFile, depth: number): void {
  if (depth > MOST_NESTED) throw new RangeError(`graphs nested deeper than ${MOST_NESTED}`)
  for (const field of file.fields(graph.start, graph.end)) {
    if (field.number === 1) readNode(file, field, found, depth)
    else if (field.number === 5) readTensor(file, field, found)
    else if (field.number === 11 && depth === 0) found.inputs.push(readValue(file, field).name)
    else if (field.number === 12 && depth === 0) found.outputs.push(readValue(file, field))
    else if (field.number === 15) readSparseTensor(file, field, found)
  }
}

/** Nodes that a graph uses as one operator. */
function readFunction(file: ProtobufFile, body: Field, found: OnnxFile): void {
  for (const field of file.fields(body.start, body.end)) {
    if (field.number === 7) readNode(file, field, found, 0)
    else if (field.number === 11) readAttribute(file, field, found, 0)
  }
}

function readNode(file: ProtobufFile, node: Field, found: OnnxFile, depth: number): void {
  for (const field of file.fields(node.start, node.end)) {
    if (field.number === 4) found.operators.add(file.text(field))
    else if (field.number === 5) readAttribute(file, field, found, depth)
  }
}

function readAttribute(file: ProtobufFile, attribute: Field, found: OnnxFile, depth: number): void {
  for (const field of file.fields(attribute.start, attribute.end)) {
    if (field.number === 5 || field.number === 10) readTensor(file, field, found)
    else if (field.number === 6 || field.number === 11) readGraph(file, field, found, depth + 1)
    else if (field.number === 22 || field.number === 23) readSparseTensor(file, field, found)
  }
}

function readSparseTensor(file: ProtobufFile, tensor: Field, found: OnnxFile): void {
  for (const field of file.fields(tensor.start, tensor.end)) {
    if (field.number === 1 || field.number === 2) readTensor(file, field, found)
  }
}

/** external_data: pairs of a key and a value, in any order. */
function readTensor(file: ProtobufFile, tensor: Field, found: OnnxFile): void {
  for (const field of file.fields(tensor.start, tensor.end)) {
    if (field.number !== 13) continue
    let [key, value] = ['', '']
    for (const part of file.fields(field.start, field.end)) {
      if (part.number === 1) key = file.text(part)
      else if (part.number === 2) value = file.text(part)
    }
    if (key === 'location') found.externalFiles.add(value)
  }
}

function readValue(file: ProtobufFile, value: Field): OnnxFile['outputs'][number] {
  const output: OnnxFile['outputs'][number] = { name: '', shape: [] }
  for (const field of file.fields(value.start, value.end)) {
    if (field.number === 1) output.name = file.text(field)
    else if (field.number === 2) output.shape = readShape(file, field)
  }
  return output
}

/** TypeProto.tensor_type.shape.dim[].dim_value */
function readShape(file: ProtobufFile, type: Field): (number | undefined)[] {
  const inside = (field: Field, number: number) =>
    [...file.fields(field.start, field.end)].filter((each) => each.number === number)
  return inside(type, 1)
    .flatMap((tensor) => inside(tensor, 2))
    .flatMap((shape) => inside(shape, 1))
    .map((dim) => inside(dim, 1)[0]?.value)
}
