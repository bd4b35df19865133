export class DeadlineExceeded extends Error {
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds} ms`);
  }
}

/**
 * Rejects when `promise` has not settled after `milliseconds`; what it was doing may still happen. It counts
 * the other side's time, not ours: an answer that came while this process was busy is read before it rejects.
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
