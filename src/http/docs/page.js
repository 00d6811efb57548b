// Whatever an operation wants is sent the same way: so there is one place to give it.
const BEARER = {
  type: 'http',
  scheme: 'bearer',
  description: 'The access_token that POST /api/v1/auth/login answers with; or an API key, or the operator’s token, for the ' +
    'operations that take one.',
};

function withOneWayToAuthorize(document) {
  document.components.securitySchemes = { bearer: BEARER };
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) {
      if (operation.security?.length) operation.security = [{ bearer: [] }];
    }
  }
  return document;
}

// The path may have a slash behind it: then what is beside the page is one step up.
const BESIDE = location.pathname.endsWith('/') ? '../' : '';

async function start() {
  for (const link of document.querySelectorAll('a[href]')) link.setAttribute('href', BESIDE + link.getAttribute('href'));
  const answer = await fetch(`${BESIDE}openapi.json`);
  if (!answer.ok) throw new Error(`openapi.json: ${answer.status}`);
  SwaggerUIBundle({
    dom_id: '#ui',
    spec: withOneWayToAuthorize(await answer.json()),
    deepLinking: true,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: true,
  });
}

start().catch((error) => {
  document.getElementById('ui').textContent = `The OpenAPI document can't be shown (${error.message}). Reload the page.`;
});
