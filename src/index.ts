/** The library: what a program needs to run a Headwater server inside itself. See docs/embed.md. */
export { ConfigError, loadConfig } from './config/load.ts';
export { createLogger, type Logger, silentLogger } from './ops/log.ts';
export { type Config, configSchema, type Server, startServer } from './server.ts';
