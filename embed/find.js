// What a page gets that includes `/widget.js` without an id: the id stands in one of the other two places. It is asked for
// again with it, so that settings and code come in one answer.
((script) => {
  const id = script.dataset.widgetId || window.PingBackWidgetId;
  if (!id) return console.warn('Porchlight: no widget id');
  const { origin } = new URL(script.src);
  import(`${origin}/widget.js?module&id=${encodeURIComponent(id)}`).then((loader) => loader.default(script));
})(document.currentScript);
