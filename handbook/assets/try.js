// Everything that Scalar could fetch from elsewhere is off.
const at = document.getElementById('reference');
Scalar.createApiReference(at, {
  url: '/openapi.json',
  servers: [{ url: at.dataset.base }],
  proxyUrl: '', withDefaultFonts: false, telemetry: false, persistAuth: false,
  agent: { disabled: true }, mcp: { disabled: true }, showDeveloperTools: 'never', hideClientButton: true,
});
