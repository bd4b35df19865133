export class DeadlineExceeded extends Error {
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds} ms`);
  }
}

/**
 * Rejects when `promise` has not settled after `milliseconds`; its work may still be done. An answer that has arrived while
 * this process was busy still counts: it is read before the deadline rejects.
 */
export async function withDeadline<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    const expire = () => setImmediate(() => reject(new DeadlineExceeded(milliseconds)));
    timer = setTimeout(expire, milliseconds);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
