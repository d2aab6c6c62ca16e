//! The browser's clock, chance, timers and events, each in one short function.
//!
//! Closures and futures are boxed here: a function that takes a type of its own for each closure is compiled once for
//! each, and every visitor downloads all of them.

use js_sys::{Array, Date, Function, Math, Object, Promise, Reflect};
use std::pin::Pin;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, EventTarget, HtmlElement, Window};

pub fn window() -> Window {
    web_sys::window().expect("the panel runs in a page")
}

pub fn document() -> Document {
    window().document().expect("the panel runs in a page")
}

/// The element with this id.
pub fn element(id: &str) -> Option<HtmlElement> {
    document().get_element_by_id(id).map(JsCast::unchecked_into)
}

/// `<html>`.
pub fn root() -> Option<HtmlElement> {
    document().document_element().map(JsCast::unchecked_into)
}

/// A field of a JavaScript object; `undefined` where there is none.
///
/// Each method of `web-sys` that is used is one more function to import, with its glue; this is one for all that are
/// read only once or twice.
pub fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// A number of a JavaScript object, such as a height in pixels.
pub fn number(object: &JsValue, name: &str) -> f64 {
    get(object, name).as_f64().unwrap_or_default()
}

/// A text of a JavaScript object.
pub fn text(object: &JsValue, name: &str) -> Option<String> {
    get(object, name).as_string()
}

/// Sets a field of a JavaScript object.
pub fn set(object: &JsValue, name: &str, value: &JsValue) {
    // It fails for nothing that takes fields.
    let _ = Reflect::set(object, &name.into(), value);
}

/// Calls a method of a JavaScript object; `undefined` where it fails or there is none.
pub fn call(object: &JsValue, method: &str, arguments: &Array) -> JsValue {
    let method: Function = get(object, method).unchecked_into();
    Reflect::apply(&method, object, arguments).unwrap_or(JsValue::UNDEFINED)
}

/// Runs a part of the panel that few visitors need, which comes when it is called: a module of `widget/lazy/`, by the function
/// that the document has for it.
pub fn lazy(part: &str, values: &[JsValue]) {
    let arguments = Array::of1(&part.into());
    for value in values {
        arguments.push(value);
    }
    call(&window(), "lazy", &arguments);
}

/// `new`, with a class of the browser's.
pub fn make(class: &str, arguments: &Array) -> JsValue {
    let class: Function = get(&window(), class).unchecked_into();
    Reflect::construct(&class, arguments).unwrap_or(JsValue::UNDEFINED)
}

/// A JavaScript object.
pub fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        set(&object, name, value);
    }
    object.into()
}

/// Milliseconds since 1970.
pub fn now_ms() -> f64 {
    Date::now()
}

/// From 0 to 1; for waits, never for names.
pub fn random() -> f64 {
    Math::random()
}

/// Ten bytes nobody can guess, for a UUID.
pub fn random_bytes() -> [u8; 10] {
    let mut bytes = [0; 10];
    // Every browser that runs WebAssembly has this. If one refused, ids would still differ by their time.
    if let Ok(crypto) = window().crypto() {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

/// Whether the browser believes that it has a network.
pub fn is_online() -> bool {
    get(&window().navigator(), "onLine").is_truthy()
}

/// Whether the visitor can see this page.
pub fn is_visible() -> bool {
    get(&document(), "visibilityState") == "visible"
}

/// Runs a future of its own, beside everything else.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    wasm_bindgen_futures::spawn_local(future);
}

/// What a promise came to, if it kept.
pub async fn settled(promise: &JsValue) -> Option<JsValue> {
    JsFuture::from(Promise::resolve(promise)).await.ok()
}

/// What is called back at most once.
type Callback = Box<dyn FnOnce()>;

/// Calls back once, after so many milliseconds.
pub fn after(wait_ms: f64, callback: impl FnOnce() + 'static) -> i32 {
    let callback: Callback = Box::new(callback);
    set_timeout(Closure::once_into_js(callback).unchecked_ref(), wait_ms)
}

fn set_timeout(callback: &Function, wait_ms: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, at 24 days")]
    let wait_ms = wait_ms as i32;
    // It fails for no function.
    window().set_timeout_with_callback_and_timeout_and_arguments_0(callback, wait_ms).unwrap_or_default()
}

/// At most one callback waits in each `Timer`.
#[derive(Debug, Default)]
pub struct Timer {
    handle: i32,
}

impl Timer {
    /// Replaces what was waiting.
    pub fn set(&mut self, wait_ms: f64, callback: impl FnOnce() + 'static) {
        self.clear();
        self.handle = after(wait_ms, callback);
    }

    pub fn clear(&mut self) {
        window().clear_timeout_with_handle(self.handle);
    }
}

/// Goes on after so many milliseconds.
pub async fn sleep(wait_ms: f64) {
    let slept = Promise::new(&mut |done, _| {
        set_timeout(&done, wait_ms);
    });
    // Nothing rejects it.
    let _ = JsFuture::from(slept).await;
}

/// Calls back before the next frame is painted, when what was changed now is in the document.
pub fn before_paint(callback: impl FnOnce() + 'static) {
    let callback: Callback = Box::new(callback);
    let callback: Function = Closure::once_into_js(callback).unchecked_into();
    // It fails for no function.
    let _ = window().request_animation_frame(&callback);
}

/// A function for the browser, to be called as often as it likes.
pub fn function(listener: impl FnMut(JsValue) + 'static) -> Function {
    let listener: Box<dyn FnMut(JsValue)> = Box::new(listener);
    Closure::wrap(listener).into_js_value().unchecked_into()
}

/// Listens for as long as the page lives.
pub fn listen(target: &EventTarget, event: &str, listener: impl FnMut(JsValue) + 'static) {
    // It fails for no name of an event.
    let _ = target.add_event_listener_with_callback(event, &function(listener));
}
