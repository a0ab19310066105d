//! Identifiers: a u64 while rows are generated, text when they are written. 0 is a missing id.
//!
//! The lowest 4 bits say which kind it is, the others hold its number.

/// Orders of one customer have four digits.
pub const ORDER_NUMBERS: u32 = 10_000;

/// Customers have eight digits.
pub const CUSTOMER_NUMBERS: u64 = 99_999_999;

const CUSTOMER: u64 = 1;
const VISITOR: u64 = 2;
const ORDER: u64 = 3;
const SESSION: u64 = 4;

/// C00000123
pub fn customer_id(number: u64) -> u64 {
    number << 4 | CUSTOMER
}

/// V0000012307: someone who never bought, by the customer beside whom she is generated.
pub fn visitor_id(customer: u64, visitor: u32) -> u64 {
    (customer * 100 + u64::from(visitor)) << 4 | VISITOR
}

/// O2024000001230001
pub fn order_id(year: u64, customer: u64, order: u32) -> u64 {
    (year * 1_000_000_000_000 + customer * 10_000 + u64::from(order)) << 4 | ORDER
}

/// S000001230001
pub fn session_id(customer: u64, session: u32) -> u64 {
    (customer * 10_000 + u64::from(session)) << 4 | SESSION
}

/// Writes the id; nothing for a missing one.
pub fn write(id: u64, out: &mut Vec<u8>) {
    let (letter, digits) = match id & 15 {
        CUSTOMER => (b'C', 8),
        VISITOR => (b'V', 10),
        ORDER => (b'O', 16),
        SESSION => (b'S', 12),
        _ => return,
    };
    out.push(letter);
    padded(id >> 4, digits, out);
}

/// A number with leading zeros.
pub fn padded(mut number: u64, digits: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + digits, b'0');
    for place in out[start..].iter_mut().rev() {
        if number == 0 {
            break;
        }
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_zeros() {
        let text = |id| {
            let mut out = Vec::new();
            write(id, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(customer_id(123)), "C00000123");
        assert_eq!(text(visitor_id(123, 7)), "V0000012307");
        assert_eq!(text(order_id(2024, 123, 1)), "O2024000001230001");
        assert_eq!(text(session_id(99_999_999, 9_999)), "S999999999999");
        assert_eq!(text(order_id(9999, CUSTOMER_NUMBERS, ORDER_NUMBERS - 1)), "O9999999999999999");
        assert_eq!(text(0), "");
    }
}
