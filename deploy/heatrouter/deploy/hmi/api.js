// Talks to the service. The session is a cookie that scripts cannot read; its token guards changes.

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

let csrf = null;

async function call(method, path, body) {
  const headers = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (csrf !== null && method !== 'GET') headers['X-CSRF-Token'] = csrf;
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: 'same-origin', signal: AbortSignal.timeout(15000) });
  } catch {
    throw new Problem(0, 'the service does not answer');
  }
  const content = await response.json().catch(() => ({}));
  if (!response.ok) {
    const mistakes = (content.mistakes ?? []).map((m) => `${m.path}: ${m.message}`).join('; ');
    throw new Problem(response.status, mistakes || content.detail || `status ${response.status}`);
  }
  return content;
}

export const get = (path) => call('GET', path);
export const post = (path, body) => call('POST', path, body);
export const put = (path, body) => call('PUT', path, body);

async function remember(answer) {
  const session = await answer;
  csrf = session.csrf;
  return session;
}

export const session = () => remember(get('/api/v1/session'));
export const login = (user, password) => remember(post('/api/v1/login', { user, password }));
export const logout = () => remember(post('/api/v1/logout', {}));
