export { cosine } from '#clara/inference/cosine.js'
