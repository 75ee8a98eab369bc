// Two questions to people: who are you, and why do you want that.

import * as api from './api.js';
import { byId, setText } from './dom.js';

/** Ask for a log-in; resolves with the session, or null where it was cancelled. */
export function askLogin(text = '') {
  const dialog = byId('login');
  const form = byId('login-form');
  setText(byId('login-text'), text);
  setText(byId('login-error'), '');
  form.reset();
  return new Promise((resolve) => {
    const done = (value) => {
      form.onsubmit = byId('login-no').onclick = dialog.oncancel = null;
      byId('login-password').value = '';
      dialog.close();
      resolve(value);
    };
    form.onsubmit = async (event) => {
      event.preventDefault();
      const button = form.querySelector('button.primary');
      button.disabled = true;
      try {
        done(await api.login(byId('login-user').value, byId('login-password').value));
      } catch (problem) {
        setText(byId('login-error'), problem.message);
        byId('login-password').select();
      } finally {
        button.disabled = false;
      }
    };
    byId('login-no').onclick = () => done(null);
    dialog.oncancel = (event) => { event.preventDefault(); done(null); };
    dialog.showModal();
    byId('login-user').focus();
  });
}

/** Ask for confirmation and reason, then do it; resolves with the outcome's text, or null. */
export function askReason({ title, text, yes, reason = '', fields = [], act }) {
  const dialog = byId('ask');
  const form = byId('ask-form');
  setText(byId('ask-title'), title);
  setText(byId('ask-text'), text);
  setText(byId('ask-yes'), yes);
  setText(byId('ask-error'), '');
  byId('ask-fields').replaceChildren(...fields);
  byId('ask-reason').value = reason;
  return new Promise((resolve) => {
    const done = (value) => {
      form.onsubmit = byId('ask-no').onclick = dialog.oncancel = null;
      dialog.close();
      resolve(value);
    };
    form.onsubmit = async (event) => {
      event.preventDefault();
      byId('ask-yes').disabled = true;
      try {
        const outcome = await act(byId('ask-reason').value, new FormData(form));
        done(outcome.outcome ?? '');
      } catch (problem) {
        setText(byId('ask-error'), problem.message);
      } finally {
        byId('ask-yes').disabled = false;
      }
    };
    byId('ask-no').onclick = () => done(null);
    dialog.oncancel = (event) => { event.preventDefault(); done(null); };
    dialog.showModal();
    (fields.length ? fields[0].querySelector('input, select') : byId('ask-reason')).focus();
  });
}
