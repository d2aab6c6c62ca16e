//! Times, days and sizes as the visitor writes them, by the browser's own `Intl`.

use crate::browser::object;
use js_sys::{Array, Date, Function, Intl, JsString};
use wasm_bindgen::{JsCast, JsValue};

thread_local! {
    static FORMATS: Formats = Formats::new();
}

/// Made once; each costs the browser more than all its uses.
struct Formats {
    time: Function,
    day: Function,
    day_and_year: Function,
    relative: Intl::RelativeTimeFormat,
}

impl Formats {
    fn new() -> Self {
        let day_and_month = [("day", "numeric".into()), ("month", "long".into())];
        let relative = object(&[("numeric", "auto".into())]);
        Self {
            time: date_format(&[("hour", "numeric".into()), ("minute", "2-digit".into())]),
            day: date_format(&[&day_and_month[..], &[("weekday", "long".into())]].concat()),
            day_and_year: date_format(&[&day_and_month[..], &[("year", "numeric".into())]].concat()),
            relative: Intl::RelativeTimeFormat::new(&Array::new(), relative.unchecked_ref()),
        }
    }
}

/// In the visitor's own locale.
fn date_format(options: &[(&str, JsValue)]) -> Function {
    Intl::DateTimeFormat::new(&Array::new(), object(options).unchecked_ref()).format()
}

fn call(format: &Function, at_ms: f64) -> String {
    let text = format.call1(&JsValue::UNDEFINED, &at_ms.into());
    text.ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// The time of day.
pub fn time(at_ms: f64) -> String {
    FORMATS.with(|formats| call(&formats.time, at_ms))
}

/// "Today", "Yesterday", or the date; with the year when it is another one.
pub fn day(at_ms: f64, n_days_ago: i32) -> String {
    FORMATS.with(|formats| match n_days_ago {
        0 | 1 => capitalized(&formats.relative.format(-f64::from(n_days_ago), "day")),
        ..180 => call(&formats.day, at_ms),
        _ => call(&formats.day_and_year, at_ms),
    })
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
    let options = object(&[
        ("style", "unit".into()),
        ("unit", unit.into()),
        // Below ten a tenth is worth telling.
        ("maximumFractionDigits", u32::from(n < 10.0).into()),
    ]);
    let format = Intl::NumberFormat::new(&Array::new(), options.unchecked_ref()).format();
    call(&format, n)
}

/// Numbers the days as they begin where the visitor is.
pub fn day_number(at_ms: f64) -> i32 {
    let offset_ms = Date::new(&at_ms.into()).get_timezone_offset() * 60_000.0;
    #[expect(clippy::cast_possible_truncation, reason = "days since 1970")]
    let day = ((at_ms - offset_ms) / 86_400_000.0).floor() as i32;
    day
}

fn capitalized(text: &JsString) -> String {
    let first: String = text.slice(0, 1).to_locale_upper_case(None).into();
    first + &String::from(text.slice(1, text.length()))
}
