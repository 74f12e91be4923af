//! What commands a terminal, told independently of the product: by the general category Cc (C0, DEL
//! and C1) and by name.

pub fn is_danger(c: char) -> bool {
    let named = "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
                 \u{2066}\u{2067}\u{2068}\u{2069}\u{feff}";
    c.is_control() || named.contains(c)
}
