// Prints the four figures of a running server's cache: `npm run cache:metrics`, after HOST and PORT.
import { existsSync } from 'node:fs';

if (existsSync('.env')) process.loadEnvFile('.env');
const host = process.env.HOST || '127.0.0.1';
const authority = `${host.includes(':') ? `[${host}]` : host}:${process.env.PORT || 8000}`;
const url = `http://${authority}/properties/cache-metrics/`;

try {
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
