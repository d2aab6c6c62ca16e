//! Times, days, numbers and sizes as they are written in the panel's language, by the browser's own `Intl`.

use crate::{
    browser::{call, get, object, window},
    locale,
};
use js_sys::{Array, Date, Function, JsString, Reflect};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};

thread_local! {
    static FORMATS: RefCell<Option<Formats>> = const { RefCell::new(None) };
}

/// Made once for a language; each costs the browser more than all its uses.
struct Formats {
    time: JsValue,
    day: JsValue,
    day_and_year: JsValue,
    relative: JsValue,
    number: JsValue,
    plural: JsValue,
}

impl Formats {
    fn new() -> Self {
        let day_and_month = [("day", "numeric".into()), ("month", "long".into())];
        let date = |more| intl("DateTimeFormat", &[&day_and_month[..], &[more]].concat());
        Self {
            time: intl("DateTimeFormat", &[("hour", "numeric".into()), ("minute", "2-digit".into())]),
            day: date(("weekday", "long".into())),
            day_and_year: date(("year", "numeric".into())),
            relative: intl("RelativeTimeFormat", &[("numeric", "auto".into())]),
            number: intl("NumberFormat", &[]),
            plural: intl("PluralRules", &[]),
        }
    }
}

/// One of the classes of `Intl`, in the panel's language.
fn intl(class: &str, options: &[(&str, JsValue)]) -> JsValue {
    let class: Function = get(&get(&window(), "Intl"), class).unchecked_into();
    let arguments = Array::of2(&locale::tag().into(), &object(options));
    Reflect::construct(&class, &arguments).unwrap_or(JsValue::UNDEFINED)
}

/// Has one of the formats say something.
fn say(which: fn(&Formats) -> &JsValue, method: &str, arguments: &Array) -> String {
    FORMATS.with_borrow_mut(|formats| {
        let format = which(formats.get_or_insert_with(Formats::new));
        call(format, method, arguments).as_string().unwrap_or_default()
    })
}

/// From now on another language is written.
pub fn language_changed() {
    FORMATS.take();
}

/// The time of day.
pub fn time(at_ms: f64) -> String {
    say(|formats| &formats.time, "format", &Array::of1(&at_ms.into()))
}

/// "Today", "Yesterday", or the date; with the year when it is another one.
pub fn day(at_ms: f64, n_days_ago: i32) -> String {
    let date = Array::of1(&at_ms.into());
    match n_days_ago {
        0 | 1 => {
            let ago = Array::of2(&(-n_days_ago).into(), &"day".into());
            capitalized(&say(|formats| &formats.relative, "format", &ago).into())
        }
        ..180 => say(|formats| &formats.day, "format", &date),
        _ => say(|formats| &formats.day_and_year, "format", &date),
    }
}

/// A whole number.
pub fn number(n: usize) -> String {
    say(|formats| &formats.number, "format", &Array::of1(&n.into()))
}

/// Which of its forms for a number a language uses with this one: "one", "few", "other".
pub fn plural(n: usize) -> String {
    say(|formats| &formats.plural, "select", &Array::of1(&n.into()))
}

/// So many bytes, as file managers write them.
pub fn size(n_bytes: f64) -> String {
    const KILOBYTE: f64 = 1024.0;
    let (unit, n) = if n_bytes < KILOBYTE * KILOBYTE {
        // Anything is more than nothing.
        ("kilobyte", (n_bytes / KILOBYTE).max(0.1))
    } else {
        ("megabyte", n_bytes / (KILOBYTE * KILOBYTE))
    };
    let format = intl(
        "NumberFormat",
        &[
            ("style", "unit".into()),
            ("unit", unit.into()),
            // Below ten a tenth is worth telling.
            ("maximumFractionDigits", u32::from(n < 10.0).into()),
        ],
    );
    call(&format, "format", &Array::of1(&n.into())).as_string().unwrap_or_default()
}

/// Numbers the days as they begin where the visitor is.
pub fn day_number(at_ms: f64) -> i32 {
    let offset_ms = Date::new(&at_ms.into()).get_timezone_offset() * 60_000.0;
    #[expect(clippy::cast_possible_truncation, reason = "days since 1970")]
    let day = ((at_ms - offset_ms) / 86_400_000.0).floor() as i32;
    day
}

fn capitalized(text: &JsString) -> String {
    let first: String = text.slice(0, 1).to_locale_upper_case(Some(&locale::tag())).into();
    first + &String::from(text.slice(1, text.length()))
}
