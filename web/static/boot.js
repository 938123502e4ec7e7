// Runs before the first paint, so that neither colours nor words change after
// it. A plain script, since modules wait for the document.
(function () {
  var root = document.documentElement;
  root.classList.add('js');
  var theme = null, language = null;
  try {
    theme = localStorage.getItem('theme');
    language = localStorage.getItem('language');
  } catch (e) { /* storage is switched off: the browser's own wishes hold */ }
  if (theme === 'dark' || theme === 'light') root.dataset.theme = theme;
  if (!language) {
    var wish = (navigator.language || '').toLowerCase().slice(0, 2);
    // Danish and Swedish readers are better served by Norwegian than by English
    language = wish === 'nn' ? 'nn' : /^(nb|no|da|sv)$/.test(wish) ? 'nb' : 'en';
  }
  root.dataset.language = language;
  if (language !== 'nb') {
    // hidden until texts.js has put the words in, but never for long
    root.classList.add('wait');
    setTimeout(function () { root.classList.remove('wait'); }, 1500);
  }
})();
