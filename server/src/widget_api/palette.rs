//! What a brand colour becomes, so that all of it can be read. Contrast as WCAG 2.2 defines it.

use shared::Palette;
use std::fmt;

/// The least contrast of text that passes WCAG's level AA.
const READABLE: f64 = 4.5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

const WHITE: Color = Color { red: 255, green: 255, blue: 255 };
const BLACK: Color = Color { red: 0, green: 0, blue: 0 };

/// The panel's background in the light and in the dark scheme (`ui/base.css`), which accents must be readable on: of
/// all the surfaces they appear on the ones with the least contrast.
const LIGHT_SURFACE: Color = Color { red: 0xf1, green: 0xf2, blue: 0xf6 };
const DARK_SURFACE: Color = Color { red: 0x2a, green: 0x2c, blue: 0x35 };

/// The palette of a brand colour, `#rrggbb`; of anything else that of black.
pub fn of(brand: &str) -> Palette {
    Shades::of(Color::parse(brand).unwrap_or(BLACK)).palette()
}

/// A palette before it is written down.
struct Shades {
    brand: Color,
    brand_far: Color,
    on_brand: Color,
    accent_light: Color,
    accent_dark: Color,
}

impl Shades {
    fn of(brand: Color) -> Self {
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

    fn palette(&self) -> Palette {
        Palette {
            brand: self.brand.to_string(),
            brand_far: self.brand_far.to_string(),
            on_brand: self.on_brand.to_string(),
            accent_light: self.accent_light.to_string(),
            accent_dark: self.accent_dark.to_string(),
        }
    }
}

impl Color {
    /// Reads `#rrggbb`.
    fn parse(text: &str) -> Option<Self> {
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
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
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
fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (one.luminance(), other.luminance());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
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
        assert_eq!(Shades::of(navy).accent_light, navy);
        assert_eq!(Shades::of(navy).on_brand, WHITE);
        assert_eq!(of("#ffd400").on_brand, "#000000");
        assert_eq!(of("yellow"), of("#000000"));
    }

    proptest! {
        #[test]
        fn every_brand_colour_becomes_a_readable_palette(red: u8, green: u8, blue: u8) {
            let shades = Shades::of(Color { red, green, blue });
            prop_assert!(contrast(shades.brand, shades.on_brand) >= READABLE);
            prop_assert!(contrast(shades.brand_far, shades.on_brand) >= READABLE);
            prop_assert!(contrast(shades.accent_light, LIGHT_SURFACE) >= READABLE);
            prop_assert!(contrast(shades.accent_dark, DARK_SURFACE) >= READABLE);
        }
    }
}
