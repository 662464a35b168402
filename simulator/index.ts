/** What a program that tests against a simulated carrier imports (`m2m-graphql-gateway/simulator`). */
export type { SimulatorOptions } from './options.ts';
export type { Simulator } from './simulator.ts';
export { startSimulator } from './start-simulator.ts';
