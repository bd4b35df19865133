export { bulkRoute } from './bulk-route.ts';
export { listRoutes } from './list-routes.ts';
export { propertyRoutes } from './routes.ts';
export { addSampleListings } from './sample-listings.ts';
export { propertySchemas } from './shared-schemas.ts';
export { listings } from './tags.ts';
export { validation } from './validation.ts';
