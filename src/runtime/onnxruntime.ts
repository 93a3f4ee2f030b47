/** ONNX Runtime, loaded from here alone. */
import './telemetry.js'

export { env, InferenceSession, Tensor } from 'onnxruntime-node'
