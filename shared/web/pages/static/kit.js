// Progressive enhancement only: every page works with this file blocked.
import { initAll } from './vendor/govuk-frontend.min.js'

document.body.classList.add('js-enabled')
if ('noModule' in HTMLScriptElement.prototype) document.body.classList.add('govuk-frontend-supported')
initAll()

// A page that names a stream of events has the numbers of the menu fetched anew whenever it speaks. Where the
// stream is full the browser gives up, and the menu goes on asking now and then.
const live = document.querySelector('[data-live]')
if (live && 'EventSource' in window) {
  const source = new EventSource(live.dataset.live)
  source.addEventListener('unread', () => {
    for (const each of document.querySelectorAll('.cb-nav__badge')) window.htmx?.trigger(each, 'live')
  })
  window.addEventListener('pagehide', () => source.close())
}
