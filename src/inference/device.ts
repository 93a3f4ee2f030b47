/** Where a model runs: what the user asks for -> execution providers to try. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ClaraError } from '../errors.js'

export const DEVICES = ['auto', 'cpu', 'cuda', 'tensorrt', 'webgpu', 'coreml', 'dml'] as const
export type Provider = Exclude<(typeof DEVICES)[number], 'auto'>

export interface Device {
  provider: Provider
  /** Which of several GPUs; 0 is the first. */
  id: number
}

export interface Choice extends Device {
  /** Why this one, for a person. */
  why: string
}

const NUMBERED: readonly Provider[] = ['cuda', 'tensorrt', 'dml']
const NAME = /^([a-z]+)(?::(\d{1,2}))?$/

/** Operators of int8 graphs: their kernels are the CPU's, a GPU would hand each of them back. */
const INT8_OPERATOR = /^(QuantizeLinear|DynamicQuantizeLinear|QLinear\w+|MatMulInteger\w*|QAttention|QGemm)$/

/**
 * @returns `undefined` for `auto`.
 * @throws ClaraError `usage` for what is no device.
 */
export function parseDevice(text: string): Device | undefined {
  const [, name = '', id] = NAME.exec(text) ?? []
  const provider = DEVICES.find((each) => each === name)
  if (provider === undefined || (id !== undefined && !NUMBERED.includes(provider as Provider))) {
    throw new ClaraError(
      'usage',
      `--device ${text}: expected ${DEVICES.join(', ')}, with a number for one of several: cuda:1`,
    )
  }
  return provider === 'auto' ? undefined : { provider, id: Number(id ?? 0) }
}

/**
 * What `auto` tries, the last one always works.
 * @param libraries where those of ONNX Runtime lie.
 */
export function automatic(operators: ReadonlySet<string>, libraries = runtimeDirectory()): Choice[] {
  const cpu = (why: string): Choice => ({ provider: 'cpu', id: 0, why })
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return [cpu('the only one tried on this platform')]
  if (!existsSync(join(libraries, 'libonnxruntime_providers_cuda.so'))) {
    return [cpu('the CUDA libraries are not installed')]
  }
  if ([...operators].some((name) => INT8_OPERATOR.test(name))) {
    return [cpu('an int8 model is made for the CPU')]
  }
  return [{ provider: 'cuda', id: 0, why: 'its libraries are installed' }, cpu('CUDA could not be used')]
}

/** Where onnxruntime-node keeps its libraries, and where those for CUDA are installed. */
export function runtimeDirectory(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node')
  return join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch)
}

/** @returns what a user does about a provider that does not work here. */
export function remedyFor(provider: Provider): string {
  switch (provider) {
    case 'cuda':
    case 'tensorrt':
      return 'install its libraries with "clara-models install-cuda" (linux x64, NVIDIA driver, CUDA 12 and cuDNN 9), or pass --device cpu'
    case 'webgpu':
      return 'it needs a GPU with a Vulkan, Metal or Direct3D 12 driver; or pass --device cpu'
    case 'coreml':
      return 'it is part of macOS; pass --device cpu elsewhere'
    case 'dml':
      return 'it is part of Windows; pass --device cpu elsewhere'
    case 'cpu':
      return 'the graph or a file of it is not what this version of ONNX Runtime reads'
  }
}

/** As ONNX Runtime takes it. */
export function providerOption({ provider, id }: Device) {
  return NUMBERED.includes(provider) ? { name: provider, deviceId: id } : provider
}
