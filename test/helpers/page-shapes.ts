import { FORMAT } from '../../src/http-cache/pages/page.ts';
import { shapeOf } from '../../src/platform/shape.ts';

/** The shape of the pages of a route that declares no responses. */
export const SHAPE = shapeOf([FORMAT, undefined]);

/** A key of the store without the shape in it. */
export const withoutShape = (key: string): string => key.replace(/:[\w-]{8}(?=:\/|$)/, '');
