//! What needs a browser: the document, its storage, its `Intl`. There is no server here, so whatever is sent is refused.

#![cfg(target_arch = "wasm32")]

use js_sys::{Array, Date, Function, Reflect};
use shared::{
    Attachment, AttachmentId, Consent, MessageText, Palette, WidgetId, WidgetOptions, WidgetSettings,
    id::uuid_v7, limits::TEXT_MAX_BYTES,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, EventTarget};
use widget::{
    api, app,
    browser::{call, document, element, get, make, now_ms, object, root, set, sleep, text, window},
    chat, format, locale, locks,
    storage::Store,
    uploads, wire,
};

wasm_bindgen_test_configure!(run_in_browser);

/// A panel of its own for a test, with nothing stored.
fn open() {
    while let Some(earlier) = element("panel") {
        earlier.remove();
    }
    let settings = WidgetSettings {
        id: WidgetId(uuid_v7(1, &[1; 10])),
        heading: "Harbour Books".into(),
        tagline: "We answer within minutes".into(),
        palette: Palette {
            brand: "#7650ff".into(),
            brand_far: "#6242d3".into(),
            on_brand: "#ffffff".into(),
            accent_light: "#7650ff".into(),
            accent_dark: "#a58cff".into(),
        },
        logo_url: None,
        show_online_badge: true,
        options: WidgetOptions::default(),
    };
    locale::set(texts(include_str!("../locales/en.json")));
    // As in the panel's own document.
    root().unwrap().set_attribute("data-t", "lang=lang dir=dir").unwrap();
    app::open(settings, Store::over(None));
}

fn texts(json: &str) -> JsValue {
    wire::parse(json).unwrap()
}

fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).unwrap()
}

fn text_of(selector: &str) -> String {
    find(selector).and_then(|element| element.text_content()).unwrap_or_default()
}

fn n_messages() -> u32 {
    document().query_selector_all(".message").unwrap().length()
}

fn dispatch(target: &EventTarget, constructor: &str, name: &str, fields: &[(&str, JsValue)]) {
    let constructor: Function = get(&window(), constructor).unchecked_into();
    let options = object(fields);
    set(&options, "bubbles", &true.into());
    set(&options, "cancelable", &true.into());
    let event = Reflect::construct(&constructor, &Array::of2(&name.into(), &options)).unwrap();
    target.dispatch_event(event.unchecked_ref()).unwrap();
}

fn write(text: &str) {
    let field = element("field").unwrap();
    set(&field, "value", &text.into());
    dispatch(&field, "Event", "input", &[]);
}

fn press_enter(fields: &[(&str, JsValue)]) {
    let fields = [&[("key", "Enter".into())], fields].concat();
    dispatch(&element("field").unwrap(), "KeyboardEvent", "keydown", &fields);
}

fn written() -> String {
    text(&element("field").unwrap(), "value").unwrap()
}

#[wasm_bindgen_test]
fn the_empty_panel_greets_and_names_its_parts() {
    open();
    assert_eq!(text_of("h1"), "Harbour Books");
    assert_eq!(text_of("#line"), "We answer within minutes");
    assert_eq!(text_of("#avatar"), "H");
    assert_eq!(text_of(".greeting h2"), locale::t("greeting"));
    assert_eq!(find("#list").unwrap().get_attribute("aria-label").as_deref(), Some("Conversation"));
    assert_eq!(find("#field").unwrap().get_attribute("aria-label").as_deref(), Some("Message"));
    assert_eq!(find(".send").unwrap().get_attribute("aria-label").as_deref(), Some("Send"));
    assert_eq!(n_messages(), 0);
}

#[wasm_bindgen_test]
fn markup_in_a_message_stays_text() {
    for markup in [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "</p></div><svg onload=alert(1)>",
        "&lt;b&gt; &amp; \u{0}",
        "javascript:alert(1)",
        "{{constructor.constructor('alert(1)')()}}",
    ] {
        open();
        if let Ok(message) = MessageText::try_from(markup.to_owned()) {
            chat::send(Some(message), Vec::new());
            assert_eq!(text_of(".text"), markup);
            assert_eq!(find(".text").unwrap().child_element_count(), 0, "{markup}");
        }
    }
}

#[wasm_bindgen_test]
fn addresses_become_links_that_give_nothing_away() {
    open();
    let text = "See https://example.org/?a=1&b=2\", or www.example.org.".to_owned();
    chat::send(Some(MessageText::try_from(text).unwrap()), Vec::new());
    assert_eq!(text_of(".text"), "See https://example.org/?a=1&b=2\", or www.example.org.");
    let link = find(".text a").unwrap();
    assert_eq!(link.get_attribute("href").as_deref(), Some("https://example.org/?a=1&b=2"));
    assert_eq!(link.get_attribute("target").as_deref(), Some("_blank"));
    assert_eq!(link.get_attribute("rel").as_deref(), Some("noopener noreferrer nofollow"));
    assert_eq!(
        find(".text a + a").unwrap().get_attribute("href").as_deref(),
        Some("https://www.example.org")
    );
}

#[wasm_bindgen_test]
fn enter_sends_and_the_field_is_empty_again() {
    open();
    write("  Hello\n");
    press_enter(&[]);
    assert_eq!(text_of(".text"), "  Hello\n");
    assert_eq!(written(), "");
    assert_eq!(text_of(".mine .said"), "Sending");
}

#[wasm_bindgen_test]
fn enter_with_shift_or_within_a_composition_does_not_send() {
    open();
    write("にほんご");
    press_enter(&[("shiftKey", true.into())]);
    press_enter(&[("isComposing", true.into())]);
    press_enter(&[("keyCode", 229.into())]);
    assert_eq!(n_messages(), 0);
    assert_eq!(written(), "にほんご");
}

#[wasm_bindgen_test]
fn blank_text_is_not_sent() {
    open();
    write(" \n ");
    press_enter(&[]);
    assert_eq!(n_messages(), 0);
}

#[wasm_bindgen_test]
fn a_text_over_the_limit_is_kept_and_the_field_says_what_is_wrong() {
    open();
    write(&"a".repeat(TEXT_MAX_BYTES + 1));
    press_enter(&[]);
    assert_eq!(n_messages(), 0);
    assert_eq!(written().len(), TEXT_MAX_BYTES + 1);
    let field = element("field").unwrap();
    assert_eq!(field.get_attribute("aria-invalid").as_deref(), Some("true"));
    let described_by = field.get_attribute("aria-describedby").unwrap();
    assert_eq!(element(&described_by).unwrap().text_content(), Some(locale::t("too_long")));
    write(&"a".repeat(TEXT_MAX_BYTES - 7));
    assert_eq!(text_of("#problem"), "");
    assert_eq!(text_of("#count"), "7");
    assert_eq!(field.get_attribute("aria-invalid").as_deref(), Some("false"));
    press_enter(&[]);
    assert_eq!(n_messages(), 1);
}

#[wasm_bindgen_test]
fn the_field_keeps_a_copy_of_its_text_to_grow_by() {
    open();
    write("one\ntwo");
    let copy = find(".field").unwrap().get_attribute("data-copy").unwrap();
    assert!(copy.starts_with("one\ntwo"));
}

#[wasm_bindgen_test]
async fn a_refused_message_says_so_and_can_be_deleted() {
    open();
    write("Is anybody there?");
    press_enter(&[]);
    // There is no API at the test page's address: it answers, and not with what was asked for.
    for _ in 0..100 {
        if find(".refused button").is_some() {
            break;
        }
        sleep(50.0).await;
    }
    assert_eq!(text_of(".mine .said"), "Not sent");
    let delete = find("button[name=delete]").unwrap();
    dispatch(&delete, "MouseEvent", "click", &[]);
    assert_eq!(n_messages(), 0);
}

fn attachment(name: &str, content_type: &str) -> Attachment {
    Attachment {
        id: AttachmentId(uuid_v7(1, &[2; 10])),
        name: name.into(),
        content_type: content_type.into(),
        size: 1_572_864,
        url: ["/files/k3y/", name].concat(),
        width: Some(800),
        height: Some(600),
    }
}

/// Picks a file of the browser's own.
fn pick(name: &str, content: &str) {
    let file = make("File", &Array::of2(&Array::of1(&content.into()), &name.into()));
    uploads::pick(&Array::of1(&file));
}

#[wasm_bindgen_test]
fn pictures_are_shown_and_other_files_are_links_to_download() {
    open();
    chat::send(None, vec![attachment("cat.png", "image/png"), attachment("<b>.svg", "image/svg+xml")]);
    assert_eq!(n_messages(), 1);
    assert_eq!(text_of(".text"), "");
    let picture = find("a.picture img").unwrap();
    assert_eq!(picture.get_attribute("src").as_deref(), Some("/files/k3y/cat.png"));
    assert_eq!(picture.get_attribute("alt").as_deref(), Some("cat.png"));
    assert_eq!(picture.get_attribute("width").as_deref(), Some("240"));
    assert_eq!(picture.get_attribute("height").as_deref(), Some("180"));
    assert_eq!(text_of("a.file .file-name"), "<b>.svg");
    assert_eq!(text_of("a.file .file-info"), "SVG · 1.5 MB");
    for link in ["a.picture", "a.file"] {
        let link = find(link).unwrap();
        assert!(link.has_attribute("download"));
        assert_eq!(link.get_attribute("rel").as_deref(), Some("noopener noreferrer"));
        assert!(text(&link, "textContent").unwrap().starts_with(&locale::t("sent_file")));
    }
}

#[wasm_bindgen_test]
async fn a_message_waits_for_its_files_and_is_not_sent_without_one_that_failed() {
    open();
    pick("notes.txt", "twelve bytes");
    assert_eq!(text_of(".chip .file-name"), "notes.txt");
    assert_eq!(text_of(".chip .file-info"), "TXT · 0.1 kB");
    write("See the notes");
    press_enter(&[]);
    assert_eq!(n_messages(), 0);
    assert_eq!(text_of("#held"), locale::t("hold_uploading"));
    // There is no API at the test page's address, so that there can be no session.
    for _ in 0..100 {
        if find(".failed").is_some() {
            break;
        }
        sleep(50.0).await;
    }
    assert_eq!(text_of("#held"), "");
    assert_eq!(text_of("#problem"), locale::t("hold_failed"));
    assert_eq!(written(), "See the notes");
    assert!(text_of("#uploads").starts_with("notes.txt: "));
    let remove = find("button[name=remove]").unwrap();
    assert_eq!(remove.get_attribute("aria-label").as_deref(), Some("Remove notes.txt"));
    dispatch(&remove, "MouseEvent", "click", &[]);
    assert!(find(".chip").is_none());
    assert_eq!(text_of("#problem"), "");
    press_enter(&[]);
    assert_eq!(n_messages(), 1);
}

#[wasm_bindgen_test]
fn an_empty_file_is_refused_at_once_and_the_focus_stays_near_when_it_goes() {
    open();
    pick("nothing.txt", "");
    pick("nothing either.txt", "");
    assert_eq!(text_of(".failed .file-info"), locale::t("upload_empty"));
    assert_eq!(text_of("#uploads"), "nothing either.txt: This file is empty.");
    for left in ["[aria-label='Remove nothing either.txt']", "[name=attach]"] {
        let button = find("[name=remove]").unwrap();
        call(&button, "focus", &Array::new());
        dispatch(&button, "MouseEvent", "click", &[]);
        assert_eq!(get(&document(), "activeElement"), JsValue::from(find(left)));
    }
    assert!(find(".chip").is_none());
}

#[wasm_bindgen_test]
fn sizes_are_written_in_the_unit_that_suits_them() {
    open();
    assert_eq!(format::size(1.0), "0.1 kB");
    assert_eq!(format::size(1024.0), "1 kB");
    assert_eq!(format::size(1_572_864.0), "1.5 MB");
    assert_eq!(format::size(26_214_400.0), "25 MB");
}

#[wasm_bindgen_test]
fn without_storage_the_panel_works_and_says_what_that_means() {
    open();
    assert_eq!(text_of("#forgetful"), locale::t("forgetful"));
    let mut store = Store::over(None);
    assert!(store.is_forgetful());
    store.set("a", "1");
    store.set("a", "2");
    assert_eq!(store.get("a").as_deref(), Some("2"));
    store.remove("a");
    assert_eq!(store.get("a"), None);
}

#[wasm_bindgen_test]
fn the_browsers_storage_outlives_the_store_and_is_found_by_prefix() {
    let prefix = "porchlight:test:outbox:";
    let mut store = Store::open(Consent::Full);
    assert!(!store.is_forgetful());
    store.set("porchlight:test:outbox:1", "one");
    store.set("porchlight:test:other", "not this");
    let mut reopened = Store::open(Consent::Full);
    assert_eq!(reopened.values_under(prefix), ["one"]);
    reopened.remove("porchlight:test:outbox:1");
    reopened.remove("porchlight:test:other");
    assert_eq!(Store::open(Consent::Full).values_under(prefix), Vec::<String>::new());
}

#[wasm_bindgen_test]
fn what_is_kept_moves_to_where_it_may_be_kept_and_stays_nowhere_else() {
    let prefix = "porchlight:test:";
    let kept = |consent| Store::open(consent).values_under(prefix);
    let mut store = Store::open(Consent::None);
    store.set("porchlight:test:a", "in memory");
    assert!(!store.is_forgetful(), "nobody wanted more");
    store.move_to(Store::open(Consent::Full), prefix);
    assert_eq!(kept(Consent::Full), ["in memory"]);
    store.move_to(Store::open(Consent::Session), prefix);
    assert_eq!(kept(Consent::Full), Vec::<String>::new());
    assert_eq!(kept(Consent::Session), ["in memory"]);
    store.move_to(Store::open(Consent::None), prefix);
    assert_eq!(kept(Consent::Session), Vec::<String>::new());
    assert_eq!(store.values_under(prefix), ["in memory"]);
}

#[wasm_bindgen_test]
fn what_a_full_storage_does_not_take_is_kept_in_memory() {
    let mut store = Store::open(Consent::Full);
    let chunk = "x".repeat(1 << 20);
    let keys: Vec<String> = (0..16).map(|n| format!("porchlight:test:fill:{n}")).collect();
    for key in &keys {
        store.set(key, &chunk);
    }
    assert!(store.is_forgetful());
    assert!(keys.iter().all(|key| store.get(key).as_deref() == Some(&chunk)));
    for key in &keys {
        store.remove(key);
    }
    assert!(keys.iter().all(|key| store.get(key).is_none()));
}

#[wasm_bindgen_test]
fn a_wait_is_asked_for_in_seconds_or_by_a_date() {
    let wait_ms = |header: JsValue| api::retry_after_ms(&header);
    assert_eq!(wait_ms("120".into()), Some(120_000.0));
    let in_a_minute: JsValue = Date::new(&(now_ms() + 60_000.0).into()).to_utc_string().into();
    let asked_ms = wait_ms(in_a_minute).unwrap();
    // Such a date has no fractions of a second.
    assert!((30_000.0..=60_000.0).contains(&asked_ms), "{asked_ms}");
    assert!(wait_ms("Thu, 01 Jan 1970 00:00:00 GMT".into()).unwrap() < 0.0, "it is over");
    for header in [JsValue::NULL, JsValue::UNDEFINED, "".into(), "soon".into()] {
        assert_eq!(wait_ms(header), None);
    }
}

#[wasm_bindgen_test]
async fn a_lock_is_had_by_one_at_a_time_and_waited_for_with_patience() {
    let first = locks::take("porchlight:test", 1_000.0).await;
    assert!(first.is_function());
    assert!(locks::take("porchlight:test", 50.0).await.is_undefined());
    locks::give_back(&first);
    let second = locks::take("porchlight:test", 1_000.0).await;
    assert!(second.is_function());
    locks::give_back(&second);
}

#[wasm_bindgen_test]
fn days_are_named_and_numbered_where_the_visitor_is() {
    open();
    let now_ms = now_ms();
    assert_eq!(format::day_number(now_ms) - format::day_number(now_ms - 86_400_000.0), 1);
    let named: Vec<String> = (0..2).map(|n| format::day(now_ms - 86_400_000.0 * f64::from(n), n)).collect();
    // Whatever variety of English the browser is in, these are words with a capital, and different.
    assert_ne!(named[0], named[1]);
    for name in named {
        assert!(name.chars().next().unwrap().is_alphabetic(), "{name}");
        assert!(!name.chars().next().unwrap().is_lowercase(), "{name}");
    }
    let long_ago = format::day(0.0, 20_000);
    assert!(long_ago.contains("1970") || long_ago.contains("1969"), "{long_ago}");
    assert!(format::time(now_ms).chars().any(char::is_numeric));
}

#[wasm_bindgen_test]
fn another_language_takes_the_place_of_the_first() {
    open();
    write("Is anybody there?");
    press_enter(&[]);
    pick("a.txt", "a");
    locale::show(texts(include_str!("../locales/ar.json")));
    assert_eq!(root().unwrap().lang(), "ar");
    assert_eq!(root().unwrap().dir(), "rtl");
    assert_eq!(find(".send").unwrap().get_attribute("aria-label").as_deref(), Some("إرسال"));
    assert_eq!(text_of(".greeting h2"), "مرحبًا!");
    assert_eq!(n_messages(), 1);
    assert_eq!(text_of(".mine .said"), "جارٍ الإرسال");
    assert_eq!(text_of(".day"), "اليوم");
    let remove = find("[name=remove]").unwrap();
    assert_eq!(remove.get_attribute("aria-label").as_deref(), Some("إزالة a.txt"));
    locale::show(texts(include_str!("../locales/en.json")));
    assert_eq!(root().unwrap().dir(), "ltr");
    assert_eq!(text_of(".greeting h2"), "Hi there!");
    assert_eq!(text_of(".mine .said"), "Sending");
}

#[wasm_bindgen_test]
fn a_number_takes_the_form_and_the_digits_that_its_language_has_for_it() {
    open();
    assert_eq!(locale::t_count("unread", 1), "1 unread message");
    assert_eq!(locale::t_count("unread", 1_234_567), "1,234,567 unread messages");
    locale::set(texts(include_str!("../locales/ru.json")));
    assert_eq!(locale::t_count("unread", 21), "21 непрочитанное сообщение");
    assert_eq!(locale::t_count("unread", 3), "3 непрочитанных сообщения");
    assert_eq!(locale::t_count("unread", 11), "11 непрочитанных сообщений");
    locale::set(texts(include_str!("../locales/fa.json")));
    assert_eq!(locale::t_count("unread", 42), "۴۲ پیام خوانده‌نشده");
}

#[wasm_bindgen_test]
fn a_gap_in_a_language_is_seen_and_not_fatal() {
    open();
    locale::set(texts(r#"{"lang": "ru", "dir": "ltr", "unread": {"other": "{} сообщения"}}"#));
    assert_eq!(locale::t("message"), "message");
    assert_eq!(locale::t_count("jump_new", 3), "jump_new");
    assert_eq!(locale::t_count("unread", 5), "5 сообщения");
}
