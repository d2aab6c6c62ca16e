//! The brand colour, and what can be read on it. Contrast as WCAG 2.2 defines it.

use std::fmt;

/// The least contrast of text that passes WCAG's level AA.
const READABLE: f64 = 4.5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
}

pub const WHITE: Color = Color { red: 255, green: 255, blue: 255 };
pub const BLACK: Color = Color { red: 0, green: 0, blue: 0 };

/// The panel's background in the light and in the dark scheme (`ui/base.css`), which accents must be readable on: of
/// all the surfaces they appear on the ones with the least contrast.
const LIGHT_SURFACE: Color = Color { red: 0xf1, green: 0xf2, blue: 0xf6 };
const DARK_SURFACE: Color = Color { red: 0x2a, green: 0x2c, blue: 0x35 };

/// The colours a brand colour becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// The business's own colour: header, the visitor's bubbles, buttons.
    pub brand: Color,
    /// The other end of the header's gradient; `on_brand` is at least as readable on it.
    pub brand_far: Color,
    /// Text on `brand`.
    pub on_brand: Color,
    /// The brand colour as text on a light background, darkened as far as needed.
    pub accent_light: Color,
    /// The brand colour as text on a dark background, lightened as far as needed.
    pub accent_dark: Color,
}

impl Palette {
    pub fn of(brand: Color) -> Self {
        let on_brand = if contrast(brand, WHITE) >= READABLE { WHITE } else { BLACK };
        let away_from_text = if on_brand == WHITE { BLACK } else { WHITE };
        Self {
            brand,
            brand_far: brand.mixed(away_from_text, 44),
            on_brand,
            accent_light: brand.readable_on(LIGHT_SURFACE, BLACK),
            accent_dark: brand.readable_on(DARK_SURFACE, WHITE),
        }
    }
}

impl Color {
    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self { red, green, blue })
    }

    /// This colour with `n_256ths` of another.
    fn mixed(self, other: Self, n_256ths: u16) -> Self {
        let mix = |own: u8, other: u8| {
            let sum = u16::from(own) * (256 - n_256ths) + u16::from(other) * n_256ths;
            sum.to_be_bytes()[0]
        };
        Self {
            red: mix(self.red, other.red),
            green: mix(self.green, other.green),
            blue: mix(self.blue, other.blue),
        }
    }

    /// This colour, moved towards `end` until it can be read on `surface`.
    fn readable_on(self, surface: Self, end: Self) -> Self {
        let mut color = self;
        while contrast(color, surface) < READABLE && color != end {
            let next = color.mixed(end, 16);
            color = if next == color { end } else { next };
        }
        color
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { to_the_12_5ths((share + 0.055) / 1.055) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

/// From 1, the same, to 21, black and white.
pub fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// `base` to the power of 2.4, for a base from 0 to 1. The library's general power function would be a kilobyte more to
/// download.
fn to_the_12_5ths(base: f64) -> f64 {
    // Newton's method for the fifth root; from above it comes down to it without overshooting.
    let mut root = 1.0_f64;
    for _ in 0..24 {
        let root_4 = root * root * root * root;
        root -= (root_4 * root - base) / (5.0 * root_4);
    }
    base * base * root * root
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_are_read_and_written_as_the_settings_spell_them() {
        assert_eq!(Color::parse("#7650ff").unwrap().to_string(), "#7650ff");
        for wrong in ["7650ff", "#7650f", "#7650ff0", "#xyzxyz", "#+650ff0", "", "#"] {
            assert_eq!(Color::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn contrast_is_wcags() {
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 1e-9);
        assert!((contrast(WHITE, WHITE) - 1.0).abs() < 1e-9);
        // The well-known lightest grey that passes on white.
        let grey = Color::parse("#767676").unwrap();
        assert!((contrast(grey, WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_colour_that_is_readable_already_is_kept() {
        let navy = Color::parse("#123456").unwrap();
        assert_eq!(Palette::of(navy).accent_light, navy);
        assert_eq!(Palette::of(navy).on_brand, WHITE);
        assert_eq!(Palette::of(Color::parse("#ffd400").unwrap()).on_brand, BLACK);
    }

    #[test]
    fn the_power_is_the_one_of_the_standard() {
        for step in 8..=255 {
            let base = f64::from(step) / 255.0;
            assert!((to_the_12_5ths(base) - base.powf(2.4)).abs() < 1e-12, "{base}");
        }
    }

    proptest! {
        #[test]
        fn every_brand_colour_becomes_a_readable_palette(red: u8, green: u8, blue: u8) {
            let palette = Palette::of(Color { red, green, blue });
            prop_assert!(contrast(palette.brand, palette.on_brand) >= READABLE);
            prop_assert!(contrast(palette.brand_far, palette.on_brand) >= READABLE);
            prop_assert!(contrast(palette.accent_light, LIGHT_SURFACE) >= READABLE);
            prop_assert!(contrast(palette.accent_dark, DARK_SURFACE) >= READABLE);
        }
    }
}
