/** A metric of the text format: what is said of it, and its samples. */
interface Family {
  readonly head: readonly string[];
  readonly samples: string[];
}

/** One text of the metrics of several workers: each sample gets its worker's number as a label. */
export function mergeMetrics(texts: Readonly<Record<string, string>>): string {
  const families = new Map<string, Family>();
  for (const [worker, text] of Object.entries(texts)) {
    for (const [name, { head, samples }] of familiesIn(text)) {
      const family = families.get(name) ?? { head, samples: [] };
      families.set(name, family);
      family.samples.push(...samples.map((sample) => labelled(sample, worker)));
    }
  }
  return [...families.values()]
    .map(({ head, samples }) => `${[...head, ...samples].join('\n')}\n`)
    .join('\n');
}

/** By name; each begins with its `# HELP` and its `# TYPE`. */
function familiesIn(text: string): [name: string, Family][] {
  return text
    .split(/^(?=# HELP )/m)
    .filter((part) => part.startsWith('# HELP '))
    .map((part) => {
      const lines = part.split('\n').filter((line) => line !== '');
      const [name] = part.slice('# HELP '.length).split(' ', 1);
      return [String(name), { head: lines.slice(0, 2), samples: lines.slice(2) }];
    });
}

function labelled(sample: string, worker: string): string {
  return sample.replace(
    /^(\w+)(?:\{(.*)\})? /,
    (_, name, labels) => `${name}{worker="${worker}"${labels ? `,${labels}` : ''}} `,
  );
}
