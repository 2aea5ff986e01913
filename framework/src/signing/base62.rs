//! Numbers in base 62, as Django writes timestamps (`b62_encode`, `b62_decode`).

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The digits of a number.
pub(super) fn encode(mut number: u64) -> String {
    let mut digits = Vec::with_capacity(11);
    loop {
        let digit = usize::try_from(number % 62).unwrap_or_default();
        digits.push(DIGITS.get(digit).copied().unwrap_or(b'0'));
        number /= 62;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}

/// The number of these digits; `None` if they are invalid or the number is too large.
pub(super) fn decode(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = DIGITS.iter().position(|own| *own == byte)?;
        number.checked_mul(62)?.checked_add(u64::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_django_writes_them() {
        let known =
            [(0, "0"), (1, "1"), (61, "z"), (62, "10"), (3843, "zz"), (1_700_000_000, "1r31eq")];
        for (number, text) in known {
            assert_eq!(encode(number), text);
            assert_eq!(decode(text), Some(number));
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-1", "a b", "é", "zzzzzzzzzzzz"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
