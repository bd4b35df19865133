// Prints the four figures of a running server's cache: `npm run cache:metrics`, after HOST and PORT.
import { loadEnvironment } from '../dist/src/platform/environment.js';

let url = 'the server';
try {
  const { HOST: host = '127.0.0.1', PORT: port = '8000' } = loadEnvironment();
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  url = `http://${authority}/properties/cache-metrics/`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  const { metrics } = await response.json();
  for (const [name, figure] of Object.entries(metrics)) console.log(`${name}: ${figure ?? 'unknown'}`);
} catch (error) {
  console.error(
    `No figures from ${url}: ${error.cause?.code ?? error.message}. Is the server running (npm start)?`,
  );
  process.exitCode = 1;
}
