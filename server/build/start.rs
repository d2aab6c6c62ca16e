//! How the panel's wasm is started: a few lines in place of wasm-bindgen's, which can do more than is asked of them here. They were
//! 0.6 KB of what a visitor downloads.

/// From here to its end the glue is about starting.
const BEGIN: &str = "async function __wbg_load(";

/// It is compiled while it comes. Something on the way that takes its type from it costs time, and not the chat.
const START: &str = "
export default async function start({ module_or_path: address }) {
    const imports = __wbg_get_imports();
    const { instance } = await WebAssembly.instantiateStreaming(fetch(address), imports).catch(async () => {
        const answer = await fetch(address);
        return WebAssembly.instantiate(await answer.arrayBuffer(), imports);
    });
    return __wbg_finalize_init(instance);
}
";

/// The glue with a start of our own.
pub fn shorten(glue: &str) -> Result<String, String> {
    match glue.split_once(BEGIN) {
        Some((before, rest)) if rest.trim_end().ends_with("export { initSync, __wbg_init as default };") => {
            Ok([before, START].concat())
        }
        _ => Err("the glue of the panel's wasm does not end with how it is started".into()),
    }
}
