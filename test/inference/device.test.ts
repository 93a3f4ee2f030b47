/** Where a model runs, on a machine without any of the accelerators. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startWorker } from '#clara/files/worker-thread.js'
import { automatic, DEVICES, parseDevice } from '#clara/inference/device.js'
import type { SessionMethods } from '#clara/inference/session.worker.js'
import { claraError } from '../support/collect.js'
import { useDirectory } from '../support/directory.js'
import { TINY } from '../support/tiny-model.js'

const directory = useDirectory()
const CUDA = 'libonnxruntime_providers_cuda.so'
const onLinux = process.platform === 'linux' && process.arch === 'x64'

test.each([
  ['auto', undefined],
  ['cpu', { provider: 'cpu', id: 0 }],
  ['cuda', { provider: 'cuda', id: 0 }],
  ['cuda:0', { provider: 'cuda', id: 0 }],
  ['cuda:12', { provider: 'cuda', id: 12 }],
  ['tensorrt:1', { provider: 'tensorrt', id: 1 }],
  ['webgpu', { provider: 'webgpu', id: 0 }],
  ['coreml', { provider: 'coreml', id: 0 }],
  ['dml:1', { provider: 'dml', id: 1 }],
])('--device %s', (text, device) => {
  expect(parseDevice(text)).toEqual(device)
})

test.each([
  ...['cpu:1', 'auto:0', 'webgpu:1', 'coreml:0', 'gpu', '', ' ', 'cuda:', 'cuda:-1', 'cuda:1.5', 'cuda:100'],
  ...['cuda:x', 'cuda 1', ' cuda', 'cuda\n', 'CUDA', ':1', 'constructor', 'cuda:0:1'],
])('--device %j is refused', (text) => {
  expect(() => parseDevice(text)).toThrow(
    expect.objectContaining(claraError('usage', `--device ${text}: expected ${DEVICES.join(', ')}`)),
  )
})

test('auto without the CUDA libraries is the CPU, and says why', () => {
  const [choice, ...more] = automatic(new Set(['MatMul']), directory.path)
  expect(choice).toMatchObject({ provider: 'cpu', id: 0 })
  if (onLinux) expect(choice!.why).toBe('the CUDA libraries are not installed')
  expect(more).toEqual([])
})

test.runIf(onLinux).each([
  [
    ['MatMul', 'Softmax'],
    ['cuda', 'cpu'],
  ],
  [
    ['MatMul', 'DequantizeLinear'],
    ['cuda', 'cpu'],
  ], // int8 weights alone run on a GPU
  [['QuantizeLinear'], ['cpu']],
  [['DynamicQuantizeLinear', 'MatMulInteger'], ['cpu']],
  [['QLinearMatMul'], ['cpu']],
  [['QAttention'], ['cpu']],
])('auto with the CUDA libraries and %j tries %j', async (operators, providers) => {
  await directory.write(CUDA, '')
  const choices = automatic(new Set(operators), directory.path)
  expect(choices.map(({ provider }) => provider)).toEqual(providers)
  if (providers.length === 1) expect(choices[0]!.why).toContain('int8')
})

test.runIf(onLinux)('auto with a CUDA library that cannot be loaded is the CPU, and says why', async () => {
  await directory.write(CUDA, '')
  const worker = startWorker<SessionMethods>(
    new URL(import.meta.resolve('#clara/inference/session.worker.js')),
    'session',
  )
  onTestFinished(() => worker.close())
  const opened = await worker.call('open', {
    path: join(TINY, 'bert-mean/onnx/model.onnx'),
    choices: automatic(new Set(), directory.path),
    threads: 1,
    output: { kind: 'vector', pooling: 'mean', modelDims: 32, dims: 32, normalised: true },
  })
  expect(opened).toMatchObject({
    provider: 'cpu',
    why: expect.stringMatching(/^CUDA could not be used: .*\w/),
  })
  expect(opened.why).not.toContain('\n')
})
