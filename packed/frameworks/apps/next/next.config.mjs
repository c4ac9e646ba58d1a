/** Headers that forbid inline styles, which the overlay of the development server needs. */
const headers = async () => [
  { source: "/:path*", headers: [{ key: "Content-Security-Policy", value: "style-src 'self'" }] },
];

export default {
  cacheComponents: true,
  ...(process.env.NODE_ENV === "production" ? { headers } : {}),
};
