/** The module by its address, on whatever host. Of that what a page imports is `embed/porchlight.js`. */
declare module 'https://*/porchlight.js' {
  export const boot: typeof import('./porchlight.js').boot;
}
